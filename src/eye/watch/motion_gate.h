// Tells whether anything has moved since the last detection, so that a static scene costs almost
// nothing. Private to this module. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "maitred/types/image.h"

namespace maitred {

// Compares averages of the green channel over square cells, each a quarter of the smallest face
// wide. The threshold adapts to the noise of the picture: a change in a large share of the cells
// counts as noise, up to a limit. remember() follows slow changes of light. Movement of less than a
// cell, or of little contrast, is missed, so the caller must also detect periodically.
// Thread-compatible.
class MotionGate {
 public:
  explicit MotionGate(int min_face_px);

  // Averages this picture and compares it with the remembered one. True if something has moved, if
  // nothing is remembered, or if the size has changed.
  bool moved(const ImageView& image);
  // Remembers the picture last given to moved().
  void remember();

 private:
  void measure(const ImageView& image);

  int cell_px_;
  std::size_t columns_ = 0;
  std::vector<std::uint8_t> now_;
  std::vector<std::uint8_t> then_;
};

}  // namespace maitred
