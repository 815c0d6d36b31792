// The crops that the demo network sees of one face. Private to this module and to models/demo.
#pragma once

#include <array>
#include <cstddef>
#include <opencv2/imgproc.hpp>

namespace maitred {

inline constexpr std::size_t kDemoCrops = 6;

// An aligned crop at three scales, each also mirrored. The template is the normalised sum of the
// network's normalised answers to them, which evens out the errors of the landmarks.
inline std::array<cv::Mat, kDemoCrops> demo_crops(const cv::Mat& crop) {
  constexpr std::array<double, kDemoCrops / 2> kScales{1.0, 0.94, 1.065};
  const cv::Point2f middle(static_cast<float>(crop.cols - 1) / 2.0F,
                           static_cast<float>(crop.rows - 1) / 2.0F);
  std::array<cv::Mat, kDemoCrops> crops;
  for (std::size_t i = 0; i < kScales.size(); ++i) {
    cv::Mat& scaled = crops[2 * i];
    cv::warpAffine(crop, scaled, cv::getRotationMatrix2D(middle, 0.0, kScales[i]), crop.size(),
                   cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    cv::flip(scaled, crops[2 * i + 1], 1);
  }
  return crops;
}

}  // namespace maitred
