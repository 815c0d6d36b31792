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

struct Loops {
  decltype(&any_width::dot_products) one;
  decltype(&any_width::four_dot_products) four;
};

Loops choose_loops() {
#if defined(MAITRED_HAS_WIDTHS)
  switch (vector_width_here()) {
    case VectorWidth::kAvx512:
      return {avx512::dot_products, avx512::four_dot_products};
    case VectorWidth::kAvx2:
      return {avx2::dot_products, avx2::four_dot_products};
    case VectorWidth::kAny:
      break;
  }
#endif
  return {any_width::dot_products, any_width::four_dot_products};
}

const Loops& loops() {
  static const Loops chosen = choose_loops();
  return chosen;
}

// Rows that fit into a core's second-level cache while all probes pass over them.
constexpr std::size_t kBlockBytes = 256 * 1024;

}  // namespace

PaddedProbes::PaddedProbes(const std::vector<std::span<const float>>& probes, std::size_t stride)
    : count_(probes.size()),
      padded_((probes.size() + kProbesAtOnce - 1) / kProbesAtOnce * kProbesAtOnce),
      stride_(stride),
      values_(static_cast<float*>(::operator new[](padded_* stride * sizeof(float), kAlignment))) {
  std::fill(values_, values_ + padded_ * stride_, 0.0F);
  for (std::size_t i = 0; i < count_; ++i) {
    std::copy(probes[i].begin(), probes[i].end(), values_ + i * stride_);
  }
}

PaddedProbes::~PaddedProbes() {
  wipe(std::span<float>(values_, padded_ * stride_));
  ::operator delete[](values_, kAlignment);
}

void dot_products(const float* rows, std::size_t count, std::size_t stride, const float* probe,
                  float* scores) {
  loops().one(rows, count, stride, probe, scores);
}

void dot_products(const float* rows, std::size_t count, const PaddedProbes& probes, float* scores) {
  const std::size_t stride = probes.stride();
  if (probes.count() == 1) return dot_products(rows, count, stride, probes[0], scores);
  const std::size_t block = std::max(kBlockBytes / (stride * sizeof(float)), std::size_t{2});
  for (std::size_t row = 0; row < count; row += block) {
    const std::size_t some = std::min(block, count - row);
    for (std::size_t first = 0; first < probes.count(); first += kProbesAtOnce) {
      loops().four(rows + row * stride, some, stride, probes[first], scores + first * count + row,
                   count);
    }
  }
}

}  // namespace maitred
