// How much each of several photos of a person counts. Private to this module.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "maitred/types/template.h"

namespace maitred {

// The roots of their qualities: on LFW people (README, Figures) with galleries of three photos a
// person that misses 6 % fewer than equal weights, and as few as weights by LightQNet. Pure.
inline std::vector<float> photo_weights(const std::vector<const Template*>& photos) {
  constexpr float kLeastQuality = 0.05F;
  std::vector<float> weights;
  for (const Template* photo : photos) {
    weights.push_back(std::sqrt(std::max(photo->quality(), kLeastQuality)));
  }
  return weights;
}

}  // namespace maitred
