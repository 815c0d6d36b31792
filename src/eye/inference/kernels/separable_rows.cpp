#include "separable_rows.h"

#include "maitred/base/for_each_cpu.h"

namespace maitred::inference {
namespace any_width {
#include "separable_rows.inc"
}
#if defined(MAITRED_HAS_WIDTHS)
MAITRED_BEGIN_AVX512
namespace avx512 {
#include "separable_rows.inc"
}
MAITRED_END_WIDTH
MAITRED_BEGIN_AVX2
namespace avx2 {
#include "separable_rows.inc"
}
MAITRED_END_WIDTH
#endif

namespace {

struct Loops {
  decltype(&any_width::depthwise_row) depthwise_row;
  decltype(&any_width::depthwise_pair) depthwise_pair;
  decltype(&any_width::depthwise_halved) depthwise_halved;
  decltype(&any_width::broadcast_row) broadcast_row;
};

Loops choose_loops() {
#if defined(MAITRED_HAS_WIDTHS)
  switch (vector_width_here()) {
    case VectorWidth::kAvx512:
      return {avx512::depthwise_row, avx512::depthwise_pair, avx512::depthwise_halved,
              avx512::broadcast_row};
    case VectorWidth::kAvx2:
      return {avx2::depthwise_row, avx2::depthwise_pair, avx2::depthwise_halved,
              avx2::broadcast_row};
    case VectorWidth::kAny:
      break;
  }
#endif
  return {any_width::depthwise_row, any_width::depthwise_pair, any_width::depthwise_halved,
          any_width::broadcast_row};
}

const Loops& loops() {
  static const Loops chosen = choose_loops();
  return chosen;
}

}  // namespace

void depthwise_row(const std::array<const float*, 3>& rows, const RowSize& size,
                   const Columns& columns, const DepthwiseWeights& weights, float* out) {
  loops().depthwise_row(rows, size, columns, weights, out);
}

void depthwise_pair(const std::array<const float*, 4>& rows, const RowSize& size,
                    const Columns& columns, const DepthwiseWeights& weights, float* upper,
                    float* lower) {
  loops().depthwise_pair(rows.data(), size, columns, weights, upper, lower);
}

void depthwise_halved(const std::array<const float*, 4>& rows, const RowSize& size,
                      const Columns& columns, const DepthwiseWeights& weights, float* out) {
  loops().depthwise_halved(rows.data(), size, columns, weights, out);
}

void broadcast_row(const BroadcastSum& sum, std::size_t columns, float* out) {
  loops().broadcast_row(sum, columns, out);
}

}  // namespace maitred::inference
