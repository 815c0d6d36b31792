// Maps the operations of a graph to oneDNN's algorithms. Private to this module. Pure.
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

// Winograd's algorithm takes two thirds of the time of a direct 3x3 convolution, unless the picture
// is so small that reading its larger weights costs more. `result` is the shape of the result.
bool gains_by_winograd(const Convolution& conv, const Shape& result);

}  // namespace maitred::inference
