// The weight of each of several photos of a person. Private to this module.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "maitred/types/template.h"

namespace maitred {

// The square roots of their qualities. For photos that are fit for enrolment the weights make no
// difference (models/README.md). Poorer ones come from desks and visits: there, the mean of three
// misses 3 % fewer than with equal weights. Pure.
inline std::vector<float> photo_weights(const std::vector<const Template*>& photos) {
  constexpr float kLeastQuality = 0.05F;
  std::vector<float> weights;
  for (const Template* photo : photos) {
    weights.push_back(std::sqrt(std::max(photo->quality(), kLeastQuality)));
  }
  return weights;
}

}  // namespace maitred
