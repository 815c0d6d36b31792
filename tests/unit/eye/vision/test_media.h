// Real media by $MAITRED_SHARED, and pictures the tests make themselves.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <string>
#include <vector>

#include "maitred/types/image.h"

// Ends a test where the real media are absent.
#define MAITRED_NEEDS_SHARED(path)                                       \
  if (!std::filesystem::exists(maitred::test::shared_folder() / (path))) \
  GTEST_SKIP() << "skipped: no " << (path) << " below MAITRED_SHARED"

namespace maitred::test {

inline std::filesystem::path shared_folder() {
  if (const char* named = std::getenv("MAITRED_SHARED")) return named;
  return std::filesystem::path(MAITRED_SOURCE_DIR) / ".." / "shared";
}

inline std::filesystem::path model_file(const std::string& name) {
  return shared_folder() / "models" / name;
}

inline ImageView view_of(const cv::Mat& mat) { return {mat.data, mat.cols, mat.rows, mat.step[0]}; }

inline cv::Mat mat_of(const ImageView& view) {
  return cv::Mat(view.height_px, view.width_px, CV_8UC3, const_cast<std::uint8_t*>(view.data),
                 view.stride_bytes);
}

inline std::vector<std::uint8_t> encoded(const cv::Mat& picture, const std::string& ending) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(ending, picture, bytes);
  return bytes;
}

}  // namespace maitred::test
