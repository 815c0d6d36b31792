#include "separable_rows.h"

#include "maitred/base/vector_dispatch.h"

namespace maitred::inference {
namespace {

struct Loops {
  decltype(&inference::depthwise_row) depthwise_row;
  decltype(&inference::depthwise_pair) depthwise_pair;
  decltype(&inference::depthwise_halved) depthwise_halved;
  decltype(&inference::broadcast_row) broadcast_row;
};

#define MAITRED_LOOPS "src/eye/inference/kernels/separable_rows.inc"
#include "maitred/base/compile_for_each_width.inc"

}  // namespace

void depthwise_row(const std::array<const float*, 3>& rows, const RowSize& size,
                   const Columns& columns, const DepthwiseWeights& weights, float* out) {
  loops().depthwise_row(rows, size, columns, weights, out);
}

void depthwise_pair(const std::array<const float*, 4>& rows, const RowSize& size,
                    const Columns& columns, const DepthwiseWeights& weights, float* upper,
                    float* lower) {
  loops().depthwise_pair(rows, size, columns, weights, upper, lower);
}

void depthwise_halved(const std::array<const float*, 4>& rows, const RowSize& size,
                      const Columns& columns, const DepthwiseWeights& weights, float* out) {
  loops().depthwise_halved(rows, size, columns, weights, out);
}

void broadcast_row(const BroadcastSum& sum, std::size_t columns, float* out) {
  loops().broadcast_row(sum, columns, out);
}

}  // namespace maitred::inference
