#include "dot_products.h"

#include <algorithm>
#include <new>

#include "maitred/base/secret.h"
#include "maitred/base/vector_dispatch.h"

namespace maitred {
namespace {

// See dot_products.inc.
struct Loops {
  void (*one)(const float* rows, std::size_t count, std::size_t stride, const float* probe,
              float* scores);
  void (*four)(const float* rows, std::size_t count, std::size_t stride, const float* probes,
               float* scores, std::size_t score_stride);
};

#define MAITRED_LOOPS "src/shop/matching/dot_products.inc"
#include "maitred/base/compile_for_each_width.inc"

constexpr std::align_val_t kAlignment{64};

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
