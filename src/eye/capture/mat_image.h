// Turns a decoded picture into the project's image without a copy. Private to this module.
#pragma once

#include <opencv2/core.hpp>
#include <utility>

#include "maitred/types/image.h"

namespace maitred {

// Requires 8-bit BGR.
inline Image image_of(cv::Mat mat) {
  CV_Assert(mat.type() == CV_8UC3);
  auto* kept = new cv::Mat(std::move(mat));
  Image image;
  image.view = {kept->data, kept->cols, kept->rows, kept->step[0]};
  image.keep = {kept, [](void* memory) { delete static_cast<cv::Mat*>(memory); }};
  return image;
}

}  // namespace maitred
