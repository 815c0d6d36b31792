#include "dlib_demo_network.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <utility>

#include "maitred/eye/vision/align.h"
#include "maitred/eye/vision/dlib_engine.h"
#include "mat.h"

namespace maitred {
namespace {

static_assert(kDemoTemplateLength == demo::kOutputLength);

class DemoEmbedder final : public FaceEmbedder {
 public:
  explicit DemoEmbedder(demo::TrainedNetwork network) : network_(std::move(network)) {}

  Result<Template> embed(const ImageView& image, const Landmarks& landmarks) override {
    if (image.empty()) return environment_error("inference_failed", "an empty image has no face");
    try {
      const Image aligned = align_face(image, landmarks, target_);
      return Template(engine_, demo::sum_of_looks(network_, mat_of(aligned.view)));
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
