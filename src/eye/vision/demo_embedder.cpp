#include "maitred/eye/vision/demo_embedder.h"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "demo_crops.h"
#include "letterbox.h"
#include "maitred/eye/vision/align.h"
#include "mat.h"

namespace maitred {
namespace {

class DemoEmbedder final : public FaceEmbedder {
 public:
  // `network` takes kDemoCrops crops at once.
  explicit DemoEmbedder(std::unique_ptr<Network> network) : network_(std::move(network)) {}

  Result<Template> embed(const ImageView& image, const Landmarks& landmarks) override {
    if (image.empty()) return environment_error("inference_failed", "an empty image has no face");
    const AlignTarget& target = demo_target();
    const Image crop = align_face(image, landmarks, target);
    std::span<float> input = network_->input();
    const std::size_t crop_floats = input.size() / kDemoCrops;
    for (const cv::Mat& one : demo_crops(mat_of(crop.view))) {
      write_planes(one, target.width_px, target.height_px, {.rgb = true}, input);
      input = input.subspan(crop_floats);
    }
    MAITRED_TRY(network_->run());
    return Template(engine_, sum_of_directions(network_->output(0)));
  }

  const std::string& engine() const override { return engine_; }
  int template_length() const override { return kDemoTemplateLength; }
  std::string backend() const override { return network_->backend_name(); }

 private:
  static constexpr float kTiny = 1e-5F;  // as dlib's l2normalize; also keeps zeros finite

  // Each crop counts the same, however long its answer is.
  static std::array<float, kDemoTemplateLength> sum_of_directions(std::span<const float> answers) {
    std::array<float, kDemoTemplateLength> sum{};
    for (; !answers.empty(); answers = answers.subspan(sum.size())) {
      const auto answer = answers.first(sum.size());
      const float square = std::inner_product(answer.begin(), answer.end(), answer.begin(), 0.0F);
      const float factor = 1.0F / std::sqrt(square + kTiny);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += answer[i] * factor;
    }
    return sum;
  }

  const std::string engine_ = "demo";
  const std::unique_ptr<Network> network_;
};

}  // namespace

Result<std::unique_ptr<FaceEmbedder>> make_demo_embedder(const std::filesystem::path& file,
                                                         Backend backend) {
  std::error_code unseen;
  if (!std::filesystem::is_regular_file(file, unseen)) {
    return environment_error("model_missing",
                             fmt::format("the demo network {} is missing; it is part of the "
                                         "program: reinstall maitred",
                                         file.string()));
  }
  NetworkOptions options;
  options.backend = backend;
  options.input_shape = {static_cast<int>(kDemoCrops), 3, demo_target().height_px,
                         demo_target().width_px};
  MAITRED_ASSIGN(std::unique_ptr<Network> network, load_network(file, options));
  if (network->outputs().size() != 1 ||
      network->output(0).size() != kDemoCrops * std::size_t{kDemoTemplateLength}) {
    return environment_error("model_invalid",
                             fmt::format("{} is not the demo network: it does not give {} numbers "
                                         "for each face; reinstall maitred",
                                         file.string(), kDemoTemplateLength));
  }
  return std::make_unique<DemoEmbedder>(std::move(network));
}

}  // namespace maitred
