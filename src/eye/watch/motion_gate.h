// Whether anything has moved since the picture that was last looked at. A static scene is to cost
// nearly nothing. Private to this module. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "maitred/types/image.h"

namespace maitred {

// Compares averages of square cells, a quarter of the smallest face wide, on their green channel.
// What counts as a change adapts to the noise of the picture: a change in a fair share of the cells
// is taken for noise, up to a limit. Light that changes slowly is followed by remember(). Movement
// of less than a cell, or of little contrast, is missed: the caller must look now and then anyway.
// Thread-compatible.
class MotionGate {
 public:
  explicit MotionGate(int min_face_px);

  // Takes the averages of this picture, and compares with those remembered. True when there are
  // none, or of another size.
  bool moved(const ImageView& image);
  // The picture last given to moved() is the one to compare with.
  void remember();

 private:
  void measure(const ImageView& image);

  int cell_px_;
  std::size_t columns_ = 0;
  std::vector<std::uint8_t> now_;
  std::vector<std::uint8_t> then_;
};

}  // namespace maitred
