#include "src/eye/vision/letterbox.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/unit/eye/vision/test_media.h"

namespace maitred {
namespace {

// OpenCV rounds its averages to whole grey levels.
TEST(Letterbox, AveragesAreasAsOpenCvDoes) {
  cv::theRNG().state = 3;
  Letterbox letterbox;
  for (const cv::Size& from : {cv::Size(1280, 720), cv::Size(641, 479), cv::Size(100, 90)}) {
    cv::Mat picture(from, CV_8UC3);
    cv::randu(picture, 0, 255);
    for (const float factor : {0.97F, 0.75F, 0.5F, 0.4444F, 0.1F}) {
      SCOPED_TRACE(factor);
      constexpr int kWidth = 1280;
      constexpr int kHeight = 736;
      std::vector<float> planes(3 * kWidth * kHeight, -1.0F);
      letterbox.fill(test::view_of(picture), factor, kWidth, kHeight, planes);
      cv::Mat wanted;
      const cv::Size size(static_cast<int>(std::lround(static_cast<float>(from.width) * factor)),
                          static_cast<int>(std::lround(static_cast<float>(from.height) * factor)));
      cv::resize(picture, wanted, size, 0, 0, cv::INTER_AREA);
      float largest = 0.0F;
      for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
          for (int channel = 0; channel < 3; ++channel) {
            const bool inside = x < size.width && y < size.height;
            const float right =
                inside ? static_cast<float>(wanted.at<cv::Vec3b>(y, x)[channel]) : 0;
            const float ours =
                planes[static_cast<std::size_t>((channel * kHeight + y) * kWidth + x)];
            largest = std::max(largest, std::abs(ours - right));
          }
        }
      }
      EXPECT_LE(largest, 0.51F);
    }
  }
}

}  // namespace
}  // namespace maitred
