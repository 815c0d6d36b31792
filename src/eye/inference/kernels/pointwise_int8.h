// A 1x1 convolution in 8-bit arithmetic. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace maitred::inference {

// kNotNegative, as after a rectifier, gives the inputs all 8 bits.
enum class Int8Inputs { kNotNegative, kAny };

// Weights have a scale for each output channel. The inputs of each pixel have a scale found at run
// time, so there is nothing to calibrate. Sums are exact. Pure.
class PointwiseInt8 {
 public:
  // True if this processor has AVX-512 VNNI and both channel counts are whole lanes.
  static bool possible(std::size_t inputs, std::size_t outputs);

  // `weights` is [output][input]; `slope`, 0 to 1, is the factor of negative results.
  PointwiseInt8(std::span<const float> weights, std::span<const float> bias, float slope,
                Int8Inputs signs = Int8Inputs::kNotNegative);

  // Computes [pixel][output] from [pixel][input], both 64-byte aligned. False if an input is not
  // finite, or negative for kNotNegative; `to` is then undefined.
  bool run(const float* from, std::size_t pixels, float* to) const;

 private:
  // The content of a register.
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
  std::vector<Starts> starts_;    // of the sums; cancel the offset of the inputs
  [[maybe_unused]] float slope_;  // by run, where it is compiled
  Int8Inputs signs_;
};

}  // namespace maitred::inference
