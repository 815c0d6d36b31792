// Converts between the project's images and OpenCV's matrices. Private to this module.
#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <utility>

#include "maitred/types/image.h"

namespace maitred {

// Borrows the pixels. The caller must not write through it.
inline cv::Mat mat_of(const ImageView& view) {
  return cv::Mat(view.height_px, view.width_px, CV_8UC3,
                 const_cast<std::uint8_t*>(view.data),  // NOLINT: cv::Mat has no const form
                 view.stride_bytes);
}

// Takes over the pixels. Requires 8-bit BGR.
inline Image image_of(cv::Mat mat) {
  CV_Assert(mat.type() == CV_8UC3);
  auto* kept = new cv::Mat(std::move(mat));
  Image image;
  image.view = {kept->data, kept->cols, kept->rows, kept->step[0]};
  image.keep = {kept, [](void* memory) { delete static_cast<cv::Mat*>(memory); }};
  return image;
}

}  // namespace maitred
