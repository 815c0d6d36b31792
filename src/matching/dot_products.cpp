#include "dot_products.h"

#include <algorithm>
#include <new>

#include "maitred/base/for_each_cpu.h"
#include "maitred/base/secret.h"

namespace maitred {
namespace any_width {
#include "dot_products.inc"
}
#if defined(MAITRED_HAS_WIDTHS)
MAITRED_BEGIN_AVX512
namespace avx512 {
#include "dot_products.inc"
}
MAITRED_END_WIDTH
MAITRED_BEGIN_AVX2
namespace avx2 {
#include "dot_products.inc"
}
MAITRED_END_WIDTH
#endif

namespace {

constexpr std::align_val_t kAlignment{64};

using DotProducts = decltype(&any_width::dot_products);

DotProducts choose_dot_products() {
#if defined(MAITRED_HAS_WIDTHS)
  switch (vector_width_here()) {
    case VectorWidth::kAvx512:
      return avx512::dot_products;
    case VectorWidth::kAvx2:
      return avx2::dot_products;
    case VectorWidth::kAny:
      break;
  }
#endif
  return any_width::dot_products;
}

}  // namespace

PaddedProbe::PaddedProbe(std::span<const float> values, std::size_t stride)
    : values_(static_cast<float*>(::operator new[](stride * sizeof(float), kAlignment))),
      stride_(stride) {
  std::fill(std::copy(values.begin(), values.end(), values_), values_ + stride_, 0.0F);
}

PaddedProbe::~PaddedProbe() {
  wipe(std::span<float>(values_, stride_));
  ::operator delete[](values_, kAlignment);
}

void dot_products(const float* rows, std::size_t count, std::size_t stride, const float* probe,
                  float* scores) {
  static const DotProducts chosen = choose_dot_products();
  chosen(rows, count, stride, probe, scores);
}

}  // namespace maitred
