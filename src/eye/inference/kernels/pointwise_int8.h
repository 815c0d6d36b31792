// A 1x1 convolution in 8-bit arithmetic. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace maitred::inference {

// Whether inputs are never negative, as behind a rectifier, and have all 8 bits for it.
enum class Int8Inputs { kNotNegative, kAny };

// Weights have a scale an output channel; the inputs of each pixel a scale of their own, found when
// they come: there is nothing to calibrate. Sums are exact. Pure.
class PointwiseInt8 {
 public:
  // Whether this processor has AVX-512 VNNI, and whole lanes of channels go in and out.
  static bool possible(std::size_t inputs, std::size_t outputs);

  // `weights` is [output][input]; `slope`, from 0 to 1, is that of negative results.
  PointwiseInt8(std::span<const float> weights, std::span<const float> bias, float slope,
                Int8Inputs signs = Int8Inputs::kNotNegative);

  // From [pixel][input] to [pixel][output], both 64-byte aligned. False, and `to` is spoilt, where
  // an input is not finite, or negative against what was said.
  bool run(const float* from, std::size_t pixels, float* to) const;

 private:
  // What a register holds.
  struct alignas(64) Weights {
    std::int8_t values[64];
  };
  struct alignas(64) Outputs {
    float values[16];
  };
  struct alignas(64) Starts {
    std::int32_t values[16];
  };

  std::size_t inputs_;
  std::size_t outputs_;
  std::vector<Weights> weights_;  // [input / 4][output][input % 4]
  std::vector<Outputs> scales_;   // of the weights of an output
  std::vector<Outputs> bias_;
  std::vector<Starts> starts_;    // of the sums: what takes the inputs' offset off again
  [[maybe_unused]] float slope_;  // by run, where it is compiled
  Int8Inputs signs_;
};

}  // namespace maitred::inference
