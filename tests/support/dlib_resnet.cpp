#include "tests/support/dlib_resnet.h"

#include <dlib/dnn.h>

#include <algorithm>
#include <sstream>
#include <type_traits>

namespace maitred::test {
namespace {

template <template <typename> class Norm, int filters, int stride, typename Below>
using Block = Norm<dlib::con<filters, 3, 3, 1, 1,
                             dlib::relu<Norm<dlib::con<filters, 3, 3, stride, stride, Below>>>>>;
template <template <typename> class Norm, int filters, typename Below>
using Same = dlib::relu<dlib::add_prev1<Block<Norm, filters, 1, dlib::tag1<Below>>>>;
template <template <typename> class Norm, int filters, typename Below>
using Down = dlib::relu<dlib::add_prev2<dlib::avg_pool<
    2, 2, 2, 2, dlib::skip1<dlib::tag2<Block<Norm, filters, 2, dlib::tag1<Below>>>>>>>;
template <template <typename> class N, typename Below>
using Level32 = Same<N, 32, Same<N, 32, Same<N, 32, Below>>>;
template <template <typename> class N, typename Below>
using Level64 = Same<N, 64, Same<N, 64, Same<N, 64, Down<N, 64, Below>>>>;
template <template <typename> class N, typename Below>
using Level128 = Same<N, 128, Same<N, 128, Down<N, 128, Below>>>;
template <template <typename> class N, typename Below>
using Level256 = Down<N, 256, Same<N, 256, Same<N, 256, Down<N, 256, Below>>>>;
template <template <typename> class N>
using Stem = dlib::max_pool<
    3, 3, 2, 2,
    dlib::relu<N<dlib::con<32, 7, 7, 2, 2, dlib::input_rgb_image_sized<DlibResNet::kSide>>>>>;
template <template <typename> class N>
using ResNet = dlib::loss_metric<dlib::fc_no_bias<
    128, dlib::avg_pool_everything<Level256<N, Level128<N, Level64<N, Level32<N, Stem<N>>>>>>>>;

using Pixels = dlib::matrix<dlib::rgb_pixel>;

Pixels noise(dlib::rand& random) {
  Pixels pixels(DlibResNet::kSide, DlibResNet::kSide);
  for (dlib::rgb_pixel& pixel : pixels) {
    pixel = {random.get_random_8bit_number(), random.get_random_8bit_number(),
             random.get_random_8bit_number()};
  }
  return pixels;
}

// Fresh batch norms are all 1 and 0, and have seen nothing.
void train_a_little(ResNet<dlib::bn_con>& network, std::uint32_t seed) {
  dlib::rand random(seed);
  network(noise(random));  // the weights are drawn at the first run
  dlib::visit_computational_layers(network, [&](std::size_t, auto& layer) {
    if constexpr (std::is_same_v<std::decay_t<decltype(layer)>, dlib::bn_<dlib::CONV_MODE>>) {
      dlib::tensor& values = layer.get_layer_params();
      float* const value = values.host();
      for (std::size_t i = 0; i < values.size(); ++i) {
        value[i] = (2 * i < values.size() ? 0.7F : 0.0F) + 0.2F * random.get_random_float();
      }
    }
  });
  const std::vector<Pixels> few{noise(random), noise(random)};
  network(few);  // more than one: the norms take note
}

}  // namespace

struct DlibResNet::State {
  ResNet<dlib::affine> network;
};

DlibResNet::DlibResNet(std::uint32_t seed) : state_(std::make_unique<State>()) {
  ResNet<dlib::bn_con> network;
  train_a_little(network, seed);
  std::stringstream stream;
  dlib::serialize(network, stream);
  dlib::deserialize(state_->network, stream);  // its norms are fixed
}

DlibResNet::DlibResNet(const std::filesystem::path& file) : state_(std::make_unique<State>()) {
  dlib::deserialize(file.string()) >> state_->network;
}

DlibResNet::~DlibResNet() = default;

std::vector<float> DlibResNet::run(const std::uint8_t* pixels) {
  Pixels chip(kSide, kSide);
  std::copy_n(pixels, kSide * kSide * 3, &chip(0, 0).red);
  const dlib::matrix<float, 0, 1> values = state_->network(chip);
  return {values.begin(), values.end()};
}

void DlibResNet::write(const std::filesystem::path& file) {
  state_->network.clean();
  dlib::serialize(file.string()) << state_->network;
}

void write_dlib_resnet_in_training(const std::filesystem::path& file, std::uint32_t seed) {
  ResNet<dlib::bn_con> network;
  train_a_little(network, seed);
  dlib::serialize(file.string()) << network;
}

}  // namespace maitred::test
