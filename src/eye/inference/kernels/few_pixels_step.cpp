#include "few_pixels_step.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "maitred/base/vector_dispatch.h"
#include "src/eye/inference/backends/convolution_kinds.h"

#if defined(MAITRED_HAS_WIDTHS)
#include <immintrin.h>
#endif

namespace maitred::inference {
namespace {

constexpr std::size_t kMostTogether = 16;  // pixels whose sums fit the registers

std::size_t pixels_of(const Shape& shape) { return static_cast<std::size_t>(shape[2] * shape[3]); }

#if defined(MAITRED_HAS_WIDTHS)
constexpr std::size_t kFewPixels = 16;           // of one result
constexpr std::size_t kManyWeights = 1U << 16U;  // fewer stay in the second-level cache
constexpr std::size_t kChannelsTogether = 64;
constexpr std::size_t kLanesTogether = kChannelsTogether / kLaneFloats;

// True if the post-ops are at most one added input and one rectifier after it.
bool finishes_simply(const Convolution& conv) {
  const std::size_t others = conv.post_ops.size() - (last_rectifier(conv) == nullptr ? 0 : 1);
  return others == 0 || (others == 1 && std::holds_alternative<AddInput>(conv.post_ops.front()));
}

MAITRED_BEGIN_AVX512

constexpr std::size_t kAhead = 1024;  // prefetched weights: covers the latency, fits the cache

struct FewPixels {
  const std::uint16_t* weights;  // [output / 16][input]
  const float* gathered;         // [input / 64][pixel][input % 64]
  std::size_t inputs, outputs;
  float* const* sums;  // of each pixel
};

// Inline assembly, because GCC 12 warns about the intrinsic.
inline Lane widened(const std::uint16_t* halves) {
  Lane floats;
  asm("vcvtph2ps %1, %0" : "=v"(floats) : "m"(*reinterpret_cast<const __m256i*>(halves)));
  return floats;
}

// Adds the products to `kLanes` lanes of sums of `kPixels` pixels, beginning with lane `first`.
template <std::size_t kPixels, std::size_t kLanes>
inline void add_products(const FewPixels& few, std::size_t first) {
  Lane sums[kPixels][kLanes];
#pragma GCC unroll 16
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sums[pixel][lane] = reinterpret_cast<const Lane*>(few.sums[pixel])[first + lane];
    }
  }
  const std::uint16_t* halves = few.weights + first * few.inputs * kLaneFloats;
  const float* channels = few.gathered;
  for (std::size_t rest = few.inputs; rest > 0; rest -= kChannelsTogether) {
    for (std::size_t channel = 0; channel < kChannelsTogether; ++channel) {
      Lane weights[kLanes];
#pragma GCC unroll 4
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::uint16_t* const at = halves + lane * few.inputs * kLaneFloats;
        __builtin_prefetch(at + kAhead);
        weights[lane] = widened(at);
      }
#pragma GCC unroll 16
      for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
        const float input = channels[pixel * kChannelsTogether + channel];
#pragma GCC unroll 4
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          sums[pixel][lane] += weights[lane] * input;
        }
      }
      halves += kLaneFloats;
    }
    channels += kPixels * kChannelsTogether;
  }
#pragma GCC unroll 16
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      reinterpret_cast<Lane*>(few.sums[pixel])[first + lane] = sums[pixel][lane];
    }
  }
}

// With few pixels, works on several lanes at once: an addition to the same sum must wait for the
// previous one.
template <std::size_t kPixels>
void add_all_products(const FewPixels& few) {
  constexpr std::size_t kLanes = kPixels <= 4 ? 4 : kPixels <= 8 ? 2 : 1;
  for (std::size_t lane = 0; lane < few.outputs / kLaneFloats; lane += kLanes) {
    add_products<kPixels, kLanes>(few, lane);
  }
}

using AddAllProducts = void (*)(const FewPixels&);

template <std::size_t... kCounts>
constexpr std::array<AddAllProducts, kMostTogether> for_each_count(
    std::index_sequence<kCounts...>) {
  return {add_all_products<kCounts + 1>...};
}

constexpr auto kAddAllProducts = for_each_count(std::make_index_sequence<kMostTogether>());

// Rounds to nearest.
inline void narrow(const float* floats, std::uint16_t* halves) {
  asm("vcvtps2ph $0, %1, %0"
      : "=m"(*reinterpret_cast<__m256i*>(halves))
      : "v"(*reinterpret_cast<const Lane*>(floats)));
}

inline void finish_lanes(std::size_t outputs, const float* sums, const float* scales,
                         const float* bias, const float* added, float slope, float* to) {
  for (std::size_t lane = 0; lane < outputs / kLaneFloats; ++lane) {
    const auto of = [lane](const float* values) __attribute__((always_inline)) {
      Lane loaded;
      __builtin_memcpy(&loaded, values + lane * kLaneFloats, sizeof(loaded));
      return loaded;
    };
    Lane result = of(sums) * of(scales) + of(bias);
    if (added != nullptr) result += of(added);
    const Lane leaked = result * slope;
    result = result > 0.0F ? result : leaked;
    __builtin_memcpy(to + lane * kLaneFloats, &result, sizeof(result));
  }
}

MAITRED_END_WIDTH
#endif

}  // namespace

bool FewPixelsStep::gains(const Convolution& convolution, const Shape& input, const Shape& result) {
#if defined(MAITRED_HAS_WIDTHS)
  constexpr std::array<std::int64_t, 2> kNone = {1, 1};
  return vector_width_here() >= VectorWidth::kAvx512 && convolution.groups == 1 &&
         convolution.window.dilations == kNone && input.size() == 4 &&
         input[1] % kChannelsTogether == 0 && result[1] % kChannelsTogether == 0 &&
         pixels_of(result) <= kFewPixels && convolution.weights.size() >= kManyWeights &&
         finishes_simply(convolution);
#else
  (void)convolution;
  (void)input;
  (void)result;
  return false;
#endif
}

FewPixelsStep::FewPixelsStep(const Convolution& convolution, const Shape& input,
                             const Shape& result)
    : inputs_(static_cast<std::size_t>(input[1])),
      outputs_(static_cast<std::size_t>(result[1])),
      pixels_(static_cast<std::size_t>(result[0]) * pixels_of(result)),
      slope_(slope_of(convolution)),
      scales_(outputs_ / kLaneFloats),
      bias_(outputs_ / kLaneFloats),
      gathered_(kMostTogether * inputs_ / kLaneFloats),
      sums_(pixels_ * outputs_ / kLaneFloats) {
  const Window& window = convolution.window;
  for (std::int64_t row = 0; row < window.kernel[0]; ++row) {
    for (std::int64_t column = 0; column < window.kernel[1]; ++column) {
      std::vector<Meeting>& meetings = taps_.emplace_back();
      for (std::size_t pixel = 0; pixel < pixels_; ++pixel) {
        const auto place = static_cast<std::int64_t>(pixel);
        const std::int64_t x =
            place % result[3] * window.strides[1] + column - window.pads_begin[1];
        const std::int64_t y =
            place / result[3] % result[2] * window.strides[0] + row - window.pads_begin[0];
        const std::int64_t image = place / (result[2] * result[3]);
        if (x < 0 || y < 0 || x >= input[3] || y >= input[2]) continue;
        meetings.push_back(
            {static_cast<std::size_t>((image * input[2] + y) * input[3] + x), pixel});
      }
    }
  }
  keep_weights(convolution);
}

void FewPixelsStep::keep_weights(const Convolution& convolution) {
#if defined(MAITRED_HAS_WIDTHS)
  const std::size_t taps = taps_.size();
  weights_.resize(taps * outputs_ / kLaneFloats * inputs_);
  std::vector<float> factors(outputs_);
  for (std::size_t output = 0; output < outputs_; ++output) {
    float largest = 0.0F;
    for (std::size_t i = 0; i < inputs_ * taps; ++i) {
      largest = std::max(largest, std::fabs(convolution.weights[output * inputs_ * taps + i]));
    }
    // A power of two scales without rounding.
    int exponent = 0;
    std::frexp(largest, &exponent);
    factors[output] = std::ldexp(1.0F, -exponent);
    const std::size_t lane = output / kLaneFloats;
    scales_[lane].values[output % kLaneFloats] = std::ldexp(1.0F, exponent);
    bias_[lane].values[output % kLaneFloats] = convolution.bias[output];
  }
  for (std::size_t tap = 0; tap < taps; ++tap) {
    for (std::size_t lane = 0; lane < outputs_ / kLaneFloats; ++lane) {
      for (std::size_t input = 0; input < inputs_; ++input) {
        Sums some;
        for (std::size_t i = 0; i < kLaneFloats; ++i) {
          const std::size_t output = lane * kLaneFloats + i;
          some.values[i] =
              convolution.weights[(output * inputs_ + input) * taps + tap] * factors[output];
        }
        const std::size_t at = (tap * (outputs_ / kLaneFloats) + lane) * inputs_ + input;
        narrow(some.values, weights_[at].values);
      }
    }
  }
#else
  (void)convolution;
#endif
}

void FewPixelsStep::bind(const std::vector<float*>& data, void* scratchpad) {
  (void)scratchpad;
  source_ = data[0];
  result_ = data[1];
  added_ = data.size() > 2 ? data[2] : nullptr;
}

void FewPixelsStep::run(dnnl::stream& stream) {
  (void)stream;
  std::fill(sums_.begin(), sums_.end(), Sums{});
  for (std::size_t tap = 0; tap < taps_.size(); ++tap) {
    const std::span<const Meeting> all(taps_[tap]);
    for (std::size_t first = 0; first < all.size(); first += kMostTogether) {
      multiply(tap, all.subspan(first, std::min(kMostTogether, all.size() - first)));
    }
  }
  for (std::size_t pixel = 0; pixel < pixels_; ++pixel) finish_pixel(pixel);
}

// Adds the products of one place of the window to some pixels.
void FewPixelsStep::multiply(std::size_t tap, std::span<const Meeting> some) {
#if defined(MAITRED_HAS_WIDTHS)
  std::array<float*, kMostTogether> sums{};
  for (std::size_t i = 0; i < some.size(); ++i) {
    sums[i] = sums_[some[i].result * outputs_ / kLaneFloats].values;
    const float* const from = source_ + some[i].source * inputs_;
    for (std::size_t chunk = 0; chunk < inputs_ / kChannelsTogether; ++chunk) {
      std::memcpy(gathered_[(chunk * some.size() + i) * kLanesTogether].values,
                  from + chunk * kChannelsTogether, kChannelsTogether * sizeof(float));
    }
  }
  const std::size_t weights = tap * outputs_ / kLaneFloats * inputs_;
  kAddAllProducts[some.size() - 1](
      {weights_[weights].values, gathered_[0].values, inputs_, outputs_, sums.data()});
#else
  (void)tap;
  (void)some;
#endif
}

void FewPixelsStep::finish_pixel(std::size_t pixel) {
#if defined(MAITRED_HAS_WIDTHS)
  const std::size_t at = pixel * outputs_;
  finish_lanes(outputs_, sums_[at / kLaneFloats].values, scales_[0].values, bias_[0].values,
               added_ == nullptr ? nullptr : added_ + at, slope_, result_ + at);
#else
  (void)pixel;
#endif
}

}  // namespace maitred::inference
