#include "dlib_demo_network.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <utility>

#include "maitred/vision/align.h"
#include "maitred/vision/dlib_engine.h"

namespace maitred {
namespace {

static_assert(kDemoTemplateLength == demo::kOutputLength);

demo::Crop crop_of(const ImageView& image) {
  demo::Crop crop(image.height_px, image.width_px);
  for (int y = 0; y < image.height_px; ++y) {
    const std::uint8_t* row = image.data + static_cast<std::size_t>(y) * image.stride_bytes;
    for (int x = 0; x < image.width_px; ++x) {
      crop(y, x) = dlib::bgr_pixel(row[3 * x], row[3 * x + 1], row[3 * x + 2]);
    }
  }
  return crop;
}

class DemoEmbedder final : public FaceEmbedder {
 public:
  explicit DemoEmbedder(demo::TrainedNetwork network) : network_(std::move(network)) {}

  Result<Template> embed(const ImageView& image, const Landmarks& landmarks) override {
    if (image.empty()) return environment_error("inference_failed", "an empty image has no face");
    try {
      const Image aligned = align_face(image, landmarks, target_);
      const dlib::matrix<float, 0, 1> values = network_(crop_of(aligned.view));
      return Template(
          engine_, std::span<const float>(values.begin(), static_cast<std::size_t>(values.size())));
    } catch (const std::exception& failure) {
      return environment_error("inference_failed",
                               fmt::format("the demo network failed: {}", failure.what()));
    }
  }

  const std::string& engine() const override { return engine_; }
  int template_length() const override { return kDemoTemplateLength; }

 private:
  std::string engine_ = "demo";
  AlignTarget target_ = demo::align_target();
  demo::TrainedNetwork network_;
};

}  // namespace

Result<std::unique_ptr<FaceEmbedder>> make_demo_embedder(const std::filesystem::path& weights) {
  std::error_code unseen;
  if (!std::filesystem::is_regular_file(weights, unseen)) {
    return environment_error("model_missing",
                             fmt::format("no weights of the demo network at {}; they are part of "
                                         "the program: install it again",
                                         weights.string()));
  }
  const auto invalid = [&](const std::string& why) {
    return environment_error("model_invalid",
                             fmt::format("{} does not hold the demo network: {}; install the "
                                         "program again",
                                         weights.string(), why));
  };
  try {
    demo::TrainedNetwork network;
    dlib::deserialize(weights.string()) >> network;
    demo::Crop grey(demo::kInputSide, demo::kInputSide);
    dlib::assign_all_pixels(grey, 128);
    const dlib::matrix<float, 0, 1> values = network(grey);
    if (values.size() != kDemoTemplateLength) return invalid("its templates have another length");
    return std::make_unique<DemoEmbedder>(std::move(network));
  } catch (const std::exception& failure) {
    return invalid(failure.what());
  }
}

}  // namespace maitred
