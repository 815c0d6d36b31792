// Presentation attack detection (ISO/IEC 30107-3): tells a live face from a picture of one. Source:
// minivision-ai/Silent-Face-Anti-Spoofing (MiniFASNetV2 and MiniFASNetV1SE, Apache-2.0). An RGB
// camera sees paper, screens and their edges, but neither depth nor warmth: good masks and good
// screens pass.
#pragma once

#include <filesystem>
#include <memory>

#include "maitred/base/result.h"
#include "maitred/eye/inference/network.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"

namespace maitred {

// A face with a lower score does not count as live. 1.9 % of ordinary photos of people score lower
// (maitredctl evaluate --spoof).
inline constexpr float kLiveFrom = 0.15F;

// Bound to one thread.
class LivenessDetector {
 public:
  // `near` is MiniFASNetV2 (sees 2.7 times the size of the face), `wide` is MiniFASNetV1SE (4
  // times). Errors: those of load_network; model_invalid for other networks.
  static Result<LivenessDetector> load(const std::filesystem::path& near,
                                       const std::filesystem::path& wide,
                                       Backend backend = Backend::kAuto);

  // Returns the mean of both networks' "real" for the face and its mirror image, which evens out
  // much of their noise: 0 an attack, 1 live. Requires a non-empty image. Error: inference_failed.
  Result<float> score(const ImageView& image, const Face& face);

 private:
  LivenessDetector(std::unique_ptr<Network> near, std::unique_ptr<Network> wide)
      : near_(std::move(near)), wide_(std::move(wide)) {}

  std::unique_ptr<Network> near_;
  std::unique_ptr<Network> wide_;
};

}  // namespace maitred
