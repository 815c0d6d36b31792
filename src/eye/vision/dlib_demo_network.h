// The network of the `demo` engine. Included by dlib_demo_network.cpp and by the training program
// only: dlib's network templates are slow to compile and must be the same in both.
#pragma once

#include <dlib/dnn.h>

#include <array>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "maitred/eye/vision/align.h"

namespace maitred::demo {

// The crop that the network sees: the whole face with its hair and chin, 64x64.
inline constexpr int kInputSide = 64;
inline constexpr int kOutputLength = 64;

inline AlignTarget align_target() {
  AlignTarget target;
  target.width_px = kInputSide;
  target.height_px = kInputSide;
  target.points = {
      {{22.5F, 27.5F}, {41.5F, 27.5F}, {32.0F, 37.5F}, {24.0F, 46.5F}, {40.0F, 46.5F}}};
  return target;
}

using Crop = dlib::matrix<dlib::bgr_pixel>;

template <template <typename> class Norm, int filters, typename Below>
using Residual = dlib::relu<dlib::add_prev1<Norm<dlib::con<
    filters, 3, 3, 1, 1, dlib::relu<Norm<dlib::con<filters, 3, 3, 1, 1, dlib::tag1<Below>>>>>>>>;

template <template <typename> class Norm, int filters, int size, typename Below>
using Halved = dlib::relu<
    Norm<dlib::add_layer<dlib::con_<filters, size, size, 2, 2, size / 2, size / 2>, Below>>>;

// Four halvings, 64 to 4; the last map is kept in place (faces are aligned), not averaged. Wide
// only where maps are small, so that a face takes 8 million multiplications.
template <template <typename> class Norm>
using Stem = Halved<Norm, 32, 3, Halved<Norm, 16, 5, dlib::input<Crop>>>;
template <template <typename> class Norm>
using Body =
    Residual<Norm, 64, Halved<Norm, 64, 3, Residual<Norm, 48, Halved<Norm, 48, 3, Stem<Norm>>>>>;
template <template <typename> class Norm>
using Network = dlib::loss_metric<dlib::l2normalize<dlib::fc_no_bias<kOutputLength, Body<Norm>>>>;

using TrainedNetwork = Network<dlib::affine>;  // batch norms fixed: what is saved and run
using TrainingNetwork = Network<dlib::bn_con>;

inline Crop crop_of(const cv::Mat& image) {
  Crop crop(image.rows, image.cols);
  for (int y = 0; y < image.rows; ++y) {
    const auto* row = image.ptr<cv::Vec3b>(y);
    for (int x = 0; x < image.cols; ++x) {
      crop(y, x) = dlib::bgr_pixel(row[x][0], row[x][1], row[x][2]);
    }
  }
  return crop;
}

// The sum of the network's answers to six looks at an aligned crop: at three scales, each also
// mirrored. This evens out the errors of the landmarks.
inline std::vector<float> sum_of_looks(TrainedNetwork& network, const cv::Mat& crop) {
  constexpr std::array<double, 3> kScales{1.0, 0.94, 1.065};
  constexpr float kMiddle = (kInputSide - 1) / 2.0F;
  std::vector<Crop> looks;
  for (const double scale : kScales) {
    cv::Mat scaled;
    cv::warpAffine(crop, scaled, cv::getRotationMatrix2D({kMiddle, kMiddle}, 0.0, scale),
                   crop.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    looks.push_back(crop_of(scaled));
    cv::flip(scaled, scaled, 1);
    looks.push_back(crop_of(scaled));
  }
  std::vector<float> sum(kOutputLength, 0.0F);
  for (const dlib::matrix<float, 0, 1>& values : network(looks)) {
    for (long i = 0; i < values.size(); ++i) sum[static_cast<std::size_t>(i)] += values(i);
  }
  return sum;
}

}  // namespace maitred::demo
