#include "maitred/eye/vision/liveness.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "letterbox.h"
#include "mat.h"

namespace maitred {
namespace {

constexpr int kLivenessSide = 80;
constexpr std::size_t kClasses = 3;  // of the networks; class 1 is "real"
constexpr float kNearScale = 2.7F;
constexpr float kWideScale = 4.0F;

// Enlarges the box about its centre as far as the image allows and moves it into the image, as in
// the training of the networks.
cv::Rect enlarged(const Box& box, float scale, const ImageView& image) {
  const float width = std::max(box.width_px, 1.0F);
  const float height = std::max(box.height_px, 1.0F);
  const auto image_width = static_cast<float>(image.width_px - 1);
  const auto image_height = static_cast<float>(image.height_px - 1);
  const float fitting = std::min({scale, image_width / width, image_height / height});
  const float crop_width = std::max(1.0F, width * fitting);
  const float crop_height = std::max(1.0F, height * fitting);
  const Point centre = box.centre();
  const auto placed = [](float middle, float length, float limit) {
    return std::clamp(middle - length / 2.0F, 0.0F, std::max(0.0F, limit - length));
  };
  // Rounding errors must not change the crop by a pixel.
  const auto whole = [](float length_px) { return static_cast<int>(length_px + 1e-3F); };
  const cv::Rect crop(whole(placed(centre.x_px, crop_width, image_width)),
                      whole(placed(centre.y_px, crop_height, image_height)), whole(crop_width) + 1,
                      whole(crop_height) + 1);
  return crop & cv::Rect(0, 0, image.width_px, image.height_px);
}

Result<float> share_of_real(Network& network, const ImageView& image, const Face& face, float scale,
                            bool mirrored) {
  cv::Mat crop;
  cv::resize(mat_of(image)(enlarged(face.box, scale, image)), crop, {kLivenessSide, kLivenessSide});
  if (mirrored) cv::flip(crop, crop, 1);
  write_planes(crop, kLivenessSide, kLivenessSide, {}, network.input());
  MAITRED_TRY(network.run());
  const auto logits = network.output(0);
  const float highest = *std::max_element(logits.begin(), logits.end());
  float sum = 0.0F;
  for (const float logit : logits) sum += std::exp(logit - highest);
  return std::exp(logits[1] - highest) / sum;
}

Result<std::unique_ptr<Network>> load_liveness(const std::filesystem::path& file, Backend backend) {
  NetworkOptions options;
  options.backend = backend;
  options.input_shape = {1, 3, kLivenessSide, kLivenessSide};
  MAITRED_ASSIGN(std::unique_ptr<Network> network, load_network(file, options));
  if (network->outputs().size() != 1 || network->output(0).size() != kClasses) {
    return environment_error(
        "model_invalid",
        fmt::format("{} is not a liveness network: it does not give three numbers; fetch the model "
                    "again",
                    file.filename().string()));
  }
  return network;
}

}  // namespace

Result<LivenessDetector> LivenessDetector::load(const std::filesystem::path& near,
                                                const std::filesystem::path& wide,
                                                Backend backend) {
  MAITRED_ASSIGN(std::unique_ptr<Network> near_network, load_liveness(near, backend));
  MAITRED_ASSIGN(std::unique_ptr<Network> wide_network, load_liveness(wide, backend));
  return LivenessDetector(std::move(near_network), std::move(wide_network));
}

Result<float> LivenessDetector::score(const ImageView& image, const Face& face) {
  float sum = 0.0F;
  for (const bool mirrored : {false, true}) {
    MAITRED_ASSIGN(const float near, share_of_real(*near_, image, face, kNearScale, mirrored));
    MAITRED_ASSIGN(const float wide, share_of_real(*wide_, image, face, kWideScale, mirrored));
    sum += near + wide;
  }
  return sum / 4.0F;
}

}  // namespace maitred
