#include "tests/bench/peers/dlib_resnet.h"

#include <dlib/dnn.h>

#include <algorithm>

namespace maitred::bench {
namespace {

template <typename Below>
using Norm = dlib::affine<Below>;
template <int filters, int stride, typename Below>
using Block = Norm<dlib::con<filters, 3, 3, 1, 1,
                             dlib::relu<Norm<dlib::con<filters, 3, 3, stride, stride, Below>>>>>;
template <int filters, typename Below>
using Same = dlib::relu<dlib::add_prev1<Block<filters, 1, dlib::tag1<Below>>>>;
template <int filters, typename Below>
using Down = dlib::relu<dlib::add_prev2<
    dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<Block<filters, 2, dlib::tag1<Below>>>>>>>;
template <typename Below>
using Level32 = Same<32, Same<32, Same<32, Below>>>;
template <typename Below>
using Level64 = Same<64, Same<64, Same<64, Down<64, Below>>>>;
template <typename Below>
using Level128 = Same<128, Same<128, Down<128, Below>>>;
template <typename Below>
using Level256 = Down<256, Same<256, Same<256, Down<256, Below>>>>;
using Stem = dlib::max_pool<
    3, 3, 2, 2,
    dlib::relu<Norm<dlib::con<32, 7, 7, 2, 2, dlib::input_rgb_image_sized<DlibResNet::kSide>>>>>;
using ResNet = dlib::loss_metric<
    dlib::fc_no_bias<128, dlib::avg_pool_everything<Level256<Level128<Level64<Level32<Stem>>>>>>>;

using Pixels = dlib::matrix<dlib::rgb_pixel>;

}  // namespace

struct DlibResNet::Impl {
  ResNet network;
};

DlibResNet::DlibResNet(const std::filesystem::path& file) : impl_(std::make_unique<Impl>()) {
  dlib::deserialize(file.string()) >> impl_->network;
}

DlibResNet::~DlibResNet() = default;

std::vector<float> DlibResNet::run(const std::uint8_t* pixels) {
  Pixels chip(kSide, kSide);
  std::copy_n(pixels, kSide * kSide * 3, &chip(0, 0).red);
  const dlib::matrix<float, 0, 1> values = impl_->network(chip);
  return {values.begin(), values.end()};
}

}  // namespace maitred::bench
