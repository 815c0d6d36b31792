// Pixels and frames. They never leave the eye.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "maitred/base/time.h"

namespace maitred {

// Borrowed pixels: BGR, 8 bits a channel, rows from the top, `stride_bytes` from row to row.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width_px = 0;
  int height_px = 0;
  std::size_t stride_bytes = 0;

  bool empty() const { return data == nullptr || width_px <= 0 || height_px <= 0; }
};

// A part of an image, in whole pixels.
struct ImageArea {
  int x_px = 0;
  int y_px = 0;
  int width_px = 0;
  int height_px = 0;
};

// Owned pixels. `keep` holds the memory that `view` points into, whoever allocated it.
struct Image {
  ImageView view;
  std::unique_ptr<void, std::function<void(void*)>> keep{nullptr, [](void*) {}};
};

// One picture of a camera. `at` is the frame's time; `position` is its position in a file, or zero
// for a live source.
struct Frame {
  Image image;
  WallTime at{};
  Milliseconds position{0};
  std::uint64_t sequence = 0;
  bool extra = false;  // beyond the requested rate; used only while somebody new is in view
};

}  // namespace maitred
