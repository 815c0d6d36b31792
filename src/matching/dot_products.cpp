#include "dot_products.h"

#include <algorithm>
#include <new>

#include "maitred/base/secret.h"

// One copy of the loop for each width of vector registers, chosen at start. Not under sanitizers:
// their run time is not up yet when the choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MAITRED_FOR_EACH_CPU \
  __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define MAITRED_FOR_EACH_CPU
#endif

namespace maitred {
namespace {

constexpr std::size_t kLane = 16;
constexpr std::align_val_t kAlignment{64};

using Lane [[gnu::vector_size(kLane * sizeof(float)), gnu::may_alias]] = float;

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

MAITRED_FOR_EACH_CPU
void dot_products(const float* rows, std::size_t count, std::size_t stride, const float* probe,
                  float* scores) {
  const auto* lanes_of_probe = reinterpret_cast<const Lane*>(probe);
  const std::size_t lanes = stride / kLane;
  for (std::size_t row = 0; row < count; ++row) {
    const auto* lanes_of_row = reinterpret_cast<const Lane*>(rows + row * stride);
    Lane even{};
    Lane odd{};
    std::size_t lane = 0;
    for (; lane + 1 < lanes; lane += 2) {
      even += lanes_of_row[lane] * lanes_of_probe[lane];
      odd += lanes_of_row[lane + 1] * lanes_of_probe[lane + 1];
    }
    if (lane < lanes) even += lanes_of_row[lane] * lanes_of_probe[lane];
    even += odd;
    float sum = 0.0F;
    for (std::size_t i = 0; i < kLane; ++i) sum += even[i];
    scores[row] = sum;
  }
}

}  // namespace maitred
