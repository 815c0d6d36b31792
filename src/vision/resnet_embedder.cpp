// dlib's network templates are slow to compile: they stay in this file.
#include "maitred/vision/resnet_embedder.h"

#include <dlib/dnn.h>
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <string>
#include <utility>

#include "maitred/vision/align.h"
#include "resnet_network.h"

namespace maitred {
namespace {

constexpr int kSide = 150;
constexpr int kLength = 128;

// The architecture of the published file, which holds the weights in this order: 29 convolutions
// after He et al., half the filters, batch norms fixed.
template <int filters, int stride, typename Below>
using Block = dlib::affine<
    dlib::con<filters, 3, 3, 1, 1,
              dlib::relu<dlib::affine<dlib::con<filters, 3, 3, stride, stride, Below>>>>>;

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
    dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, dlib::input_rgb_image_sized<kSide>>>>>;
using ResNet = dlib::loss_metric<dlib::fc_no_bias<
    kLength, dlib::avg_pool_everything<Level256<Level128<Level64<Level32<Stem>>>>>>>;

// Where the mean face of dlib's chips (padding 0.25) has its eyes, nose tip and mouth corners.
const AlignTarget& chip_target() {
  static const AlignTarget target{kSide,
                                  kSide,
                                  {{{47.55F, 46.60F},
                                    {100.48F, 46.60F},
                                    {74.01F, 76.56F},
                                    {50.41F, 103.02F},
                                    {97.61F, 103.02F}}}};
  return target;
}

dlib::matrix<dlib::rgb_pixel> chip_of(const ImageView& image, const Landmarks& landmarks) {
  const Image crop = align_face(image, landmarks, chip_target());
  dlib::matrix<dlib::rgb_pixel> chip(kSide, kSide);
  for (int y = 0; y < kSide; ++y) {
    const std::uint8_t* pixel =
        crop.view.data + static_cast<std::size_t>(y) * crop.view.stride_bytes;
    for (int x = 0; x < kSide; ++x, pixel += 3) chip(y, x) = {pixel[2], pixel[1], pixel[0]};
  }
  return chip;
}

class ResNetEmbedder final : public FaceEmbedder {
 public:
  explicit ResNetEmbedder(ResNet network) : network_(std::move(network)) {}

  Result<Template> embed(const ImageView& image, const Landmarks& landmarks) override {
    try {
      const dlib::matrix<float, 0, 1> values = network_(chip_of(image, landmarks));
      return Template(engine(), {values.begin(), static_cast<std::size_t>(values.size())});
    } catch (const std::exception& error) {
      return environment_error("inference_failed",
                               fmt::format("dlib's network failed: {}", error.what()));
    }
  }
  const std::string& engine() const override {
    static const std::string name = "dlib";
    return name;
  }
  int template_length() const override { return kLength; }

 private:
  ResNet network_;
};

}  // namespace

Result<std::unique_ptr<FaceEmbedder>> make_resnet_embedder(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) {
    return environment_error(
        "file_missing",
        fmt::format("{} is not there; run: maitredctl models fetch", file.string()));
  }
  try {
    ResNet network;
    dlib::deserialize(file.string()) >> network;
    return std::make_unique<ResNetEmbedder>(std::move(network));
  } catch (const std::exception&) {
    return environment_error(
        "model_invalid",
        fmt::format("{} is not dlib's face recognition network; run: maitredctl models fetch",
                    file.string()));
  }
}

Status write_untrained_resnet(const std::filesystem::path& file) {
  try {
    ResNet network;
    // The weights are drawn at the first run.
    dlib::matrix<dlib::rgb_pixel> grey(kSide, kSide);
    for (dlib::rgb_pixel& pixel : grey) pixel = {128, 128, 128};
    network(grey);
    dlib::serialize(file.string()) << network;
    return {};
  } catch (const std::exception& error) {
    return environment_error("file_unwritable",
                             fmt::format("cannot write {}: {}", file.string(), error.what()));
  }
}

}  // namespace maitred
