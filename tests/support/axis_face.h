// Faces whose similarity can be written down: each is an axis of the demo engine's space.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "maitred/types/template.h"

namespace maitred {

// The template of a face that resembles person `number` (below 63) with this cosine, and nobody
// else.
inline Template axis_face(std::size_t number, float cosine = 1.0F) {
  std::vector<float> values(64, 0.0F);
  values[number] = cosine;
  values[63] = std::sqrt(1.0F - cosine * cosine);
  return Template("demo", values);
}

}  // namespace maitred
