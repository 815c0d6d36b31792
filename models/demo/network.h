// The network of the `demo` engine as dlib trains it. Included by the programs of this folder only:
// dlib's network templates are slow to compile. The eye runs demo.onnx, which export_demo.cpp
// writes from it.
#pragma once

#include <dlib/dnn.h>

#include <opencv2/core.hpp>
#include <vector>

#include "maitred/eye/vision/align.h"
#include "maitred/eye/vision/demo_embedder.h"
#include "src/eye/vision/demo_crops.h"

namespace maitred::demo {

using Crop = dlib::matrix<dlib::bgr_pixel>;

template <template <typename> class Norm, int filters, typename Below>
using Residual = dlib::relu<dlib::add_prev1<Norm<dlib::con<
    filters, 3, 3, 1, 1, dlib::relu<Norm<dlib::con<filters, 3, 3, 1, 1, dlib::tag1<Below>>>>>>>>;

template <template <typename> class Norm, int filters, int size, typename Below>
using Halved = dlib::relu<
    Norm<dlib::add_layer<dlib::con_<filters, size, size, 2, 2, size / 2, size / 2>, Below>>>;

// Four halvings, 64 to 4. The last map is not averaged: faces are aligned, so places have a
// meaning. Only small maps are wide, so that a face takes 8 million multiplications.
template <template <typename> class Norm>
using Stem = Halved<Norm, 32, 3, Halved<Norm, 16, 5, dlib::input<Crop>>>;
template <template <typename> class Norm>
using Body =
    Residual<Norm, 64, Halved<Norm, 64, 3, Residual<Norm, 48, Halved<Norm, 48, 3, Stem<Norm>>>>>;
template <template <typename> class Norm>
using Network =
    dlib::loss_metric<dlib::l2normalize<dlib::fc_no_bias<kDemoTemplateLength, Body<Norm>>>>;

using TrainedNetwork = Network<dlib::affine>;  // batch norms fixed: what is saved and exported
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

// The template of an aligned crop as dlib computes it, L2-normalised.
inline std::vector<float> dlib_template(TrainedNetwork& network, const cv::Mat& crop) {
  std::vector<Crop> crops;
  for (const cv::Mat& one : demo_crops(crop)) crops.push_back(crop_of(one));
  std::vector<float> sum(kDemoTemplateLength, 0.0F);
  for (const dlib::matrix<float, 0, 1>& values : network(crops)) {
    for (long i = 0; i < values.size(); ++i) sum[static_cast<std::size_t>(i)] += values(i);
  }
  cv::normalize(sum, sum);
  return sum;
}

}  // namespace maitred::demo
