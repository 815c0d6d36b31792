#include "pointwise_int8.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "maitred/base/vector_dispatch.h"

#if defined(MAITRED_HAS_WIDTHS)
#include <immintrin.h>
#endif

namespace maitred::inference {
namespace {

constexpr float kLargestWeight = 127.0F;
constexpr std::int32_t kOffset = 128;  // makes a signed input fit an unsigned byte

#if defined(MAITRED_HAS_WIDTHS)
constexpr std::size_t kMostInt8Inputs = 512;

MAITRED_BEGIN_VNNI

// Uses GCC's vectors where possible, because GCC 12 warns about the intrinsics.
using Ints [[gnu::vector_size(64), gnu::may_alias]] = std::int32_t;
using Bytes [[gnu::vector_size(16), gnu::may_alias]] = std::uint8_t;

struct Int8Weights {
  std::size_t inputs, outputs;
  const std::int8_t* packed;  // these four are 64-byte aligned
  const float* scales;
  const float* bias;
  const std::int32_t* starts;
  float slope;
};

inline float largest_of(Lane lane) {
  const auto fold = [&lane](const Ints& places) __attribute__((always_inline)) {
    const Lane other = __builtin_shuffle(lane, places);
    lane = lane > other ? lane : other;
  };
  fold(Ints{8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7});
  fold(Ints{4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11});
  fold(Ints{2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13});
  fold(Ints{1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14});
  return lane[0];
}

inline bool any_of(const Ints& flags) {
  const __m512i bits = _mm512_loadu_si512(&flags);
  return _mm512_test_epi32_mask(bits, bits) != 0;
}

// Converts the inputs of one pixel to bytes. False if an input does not fit.
template <Int8Inputs kSigns>
inline bool quantise(const float* from, std::size_t inputs, std::uint8_t* to, float& scale) {
  constexpr bool kSigned = kSigns == Int8Inputs::kAny;
  constexpr float kLargestInput = kSigned ? 127.0F : 255.0F;
  constexpr float kMiddle = (kSigned ? static_cast<float>(kOffset) : 0.0F) + 0.5F;
  const auto* const lanes = reinterpret_cast<const Lane*>(from);
  Lane most{};
  Ints unfit{};
  for (std::size_t i = 0; i < inputs / kLaneFloats; ++i) {
    const Lane size = kSigned && lanes[i] < 0.0F ? -lanes[i] : lanes[i];
    unfit |= ~(size >= 0.0F);
    most = size > most ? size : most;
  }
  const float largest = largest_of(most);
  if (any_of(unfit) || !std::isfinite(largest)) return false;
  scale = largest / kLargestInput;
  const float factor = largest > 0.0F ? kLargestInput / largest : 0.0F;
  for (std::size_t i = 0; i < inputs / kLaneFloats; ++i) {
    const Ints whole = __builtin_convertvector(lanes[i] * factor + kMiddle, Ints);
    *reinterpret_cast<Bytes*>(to + i * kLaneFloats) = __builtin_convertvector(whole, Bytes);
  }
  return true;
}

// Computes `kLanes` lanes of outputs of `kPixels` pixels and stores those of the first `count`.
template <std::size_t kLanes, std::size_t kPixels>
inline void multiply(const Int8Weights& weights, std::size_t first_output,
                     const std::uint8_t* bytes, const float* scales, std::size_t count, float* to) {
  Ints sums[kPixels][kLanes];
#pragma GCC unroll 16
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sums[pixel][lane] =
          reinterpret_cast<const Ints*>(weights.starts)[first_output / kLaneFloats + lane];
    }
  }
  for (std::size_t group = 0; group < weights.inputs / 4; ++group) {
    const auto* const at = reinterpret_cast<const Ints*>(
        weights.packed + (group * weights.outputs + first_output) * 4);
    Ints taps[kLanes];
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) taps[lane] = at[lane];
#pragma GCC unroll 16
    for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
      std::int32_t four = 0;
      __builtin_memcpy(&four, bytes + pixel * weights.inputs + group * 4, sizeof(four));
      const Ints input = Ints{} + four;
#pragma GCC unroll 4
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        // Adds four products of bytes to each sum. Inline assembly, because with the intrinsic GCC
        // 12 copies the sums between registers.
        Ints sum = sums[pixel][lane];
        asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(input), "v"(taps[lane]));
        sums[pixel][lane] = sum;
      }
    }
  }
#pragma GCC unroll 16
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::size_t output = first_output + lane * kLaneFloats;
      const Lane sum = __builtin_convertvector(sums[pixel][lane], Lane) * scales[pixel];
      const Lane result = sum * *reinterpret_cast<const Lane*>(weights.scales + output) +
                          *reinterpret_cast<const Lane*>(weights.bias + output);
      const Lane leaked = result * weights.slope;
      if (pixel < count) {
        *reinterpret_cast<Lane*>(to + pixel * weights.outputs + output) =
            result > leaked ? result : leaked;
      }
    }
  }
}

template <Int8Inputs kSigns>
inline bool convolve_bytes(const Int8Weights& weights, const float* from, std::size_t pixels,
                           float* to) {
  constexpr std::size_t kAtOnce = 6;  // pixels whose sums fit the registers
  alignas(64) std::array<std::uint8_t, kAtOnce * kMostInt8Inputs> bytes{};
  std::array<float, kAtOnce> scales{};
  for (std::size_t first = 0; first < pixels; first += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, pixels - first);
    for (std::size_t pixel = 0; pixel < count; ++pixel) {
      if (!quantise<kSigns>(from + (first + pixel) * weights.inputs, weights.inputs,
                            bytes.data() + pixel * weights.inputs, scales[pixel])) {
        return false;
      }
    }
    float* const place = to + first * weights.outputs;
    std::size_t output = 0;
    for (; output + 4 * kLaneFloats <= weights.outputs; output += 4 * kLaneFloats) {
      multiply<4, kAtOnce>(weights, output, bytes.data(), scales.data(), count, place);
    }
    for (; output < weights.outputs; output += kLaneFloats) {
      multiply<1, kAtOnce>(weights, output, bytes.data(), scales.data(), count, place);
    }
  }
  return true;
}

MAITRED_END_WIDTH
#endif

}  // namespace

bool PointwiseInt8::possible(std::size_t inputs, std::size_t outputs) {
#if defined(MAITRED_HAS_WIDTHS)
  return vector_width_here() >= VectorWidth::kAvx512Vnni && inputs % kLaneFloats == 0 &&
         outputs % kLaneFloats == 0 && inputs <= kMostInt8Inputs;
#else
  (void)inputs;
  (void)outputs;
  return false;
#endif
}

PointwiseInt8::PointwiseInt8(std::span<const float> weights, std::span<const float> bias,
                             float slope, Int8Inputs signs)
    : inputs_(weights.size() / bias.size()),
      outputs_(bias.size()),
      weights_(weights.size() / sizeof(Weights)),
      scales_(outputs_ / kLaneFloats),
      bias_(outputs_ / kLaneFloats),
      starts_(outputs_ / kLaneFloats),
      slope_(slope),
      signs_(signs) {
  for (std::size_t output = 0; output < outputs_; ++output) {
    const auto row = weights.subspan(output * inputs_, inputs_);
    float largest = 0.0F;
    for (const float weight : row) largest = std::max(largest, std::fabs(weight));
    scales_[output / kLaneFloats].values[output % kLaneFloats] = largest / kLargestWeight;
    bias_[output / kLaneFloats].values[output % kLaneFloats] = bias[output];
    std::int32_t sum = 0;
    for (std::size_t input = 0; input < inputs_; ++input) {
      const float share = largest > 0.0F ? row[input] / largest : 0.0F;
      const std::size_t at = (input / 4 * outputs_ + output) * 4 + input % 4;
      const auto weight = static_cast<std::int8_t>(std::lround(share * kLargestWeight));
      weights_[at / sizeof(Weights)].values[at % sizeof(Weights)] = weight;
      sum += weight;
    }
    const bool offset = signs_ == Int8Inputs::kAny;
    starts_[output / kLaneFloats].values[output % kLaneFloats] = offset ? -kOffset * sum : 0;
  }
}

bool PointwiseInt8::run(const float* from, std::size_t pixels, float* to) const {
#if defined(MAITRED_HAS_WIDTHS)
  const Int8Weights weights{
      inputs_,           outputs_, weights_[0].values, scales_[0].values, bias_[0].values,
      starts_[0].values, slope_};
  return signs_ == Int8Inputs::kAny
             ? convolve_bytes<Int8Inputs::kAny>(weights, from, pixels, to)
             : convolve_bytes<Int8Inputs::kNotNegative>(weights, from, pixels, to);
#else
  (void)from;
  (void)pixels;
  (void)to;
  return false;
#endif
}

}  // namespace maitred::inference
