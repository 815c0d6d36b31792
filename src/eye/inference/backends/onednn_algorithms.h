// Which of oneDNN's algorithms does what a graph asks for. Private to this module. Pure.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

struct Eltwise {
  dnnl::algorithm kind;
  float alpha;
  float beta;
};

Eltwise eltwise_of(const Activation& activation);
dnnl::algorithm binary_of(BinaryKind kind);

// Winograd's way takes two thirds of the time of a direct 3x3 convolution, unless the picture is so
// small that its larger weights cost more to read. `result` is the shape of what comes out.
bool gains_by_winograd(const Convolution& conv, const Shape& result);

}  // namespace maitred::inference
