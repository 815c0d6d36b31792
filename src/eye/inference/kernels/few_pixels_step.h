// A convolution with few pixels and many weights. Private to this module.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/eye/inference/backends/onednn_program.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// For the small, deep end of a network, where reading the weights takes longer than the arithmetic.
// Weights have 16 bits (IEEE 754 binary16, with a scale for each output channel), sums have 32.
// Results differ by some ten-thousandths. Weights that meet only padding are not read.
class FewPixelsStep final : public NativeStep {
 public:
  // True if this processor can run this step and the step is faster than oneDNN's.
  static bool gains(const Convolution& convolution, const Shape& input, const Shape& result);

  // Requires gains().
  FewPixelsStep(const Convolution& convolution, const Shape& input, const Shape& result);

  // `data` is source, result and, if there is one, the added input; each
  // [image][row][column][channel].
  void bind(const std::vector<float*>& data, void* scratchpad) override;
  void run(dnnl::stream& stream) override;

 private:
  // The content of a register.
  struct alignas(64) Sums {
    float values[16];
  };
  struct alignas(32) Weights {
    std::uint16_t values[16];
  };
  struct Meeting {
    std::size_t source = 0;  // pixel
    std::size_t result = 0;
  };

  void keep_weights(const Convolution& convolution);
  void multiply(std::size_t tap, std::span<const Meeting> some);
  void finish_pixel(std::size_t pixel);

  std::size_t inputs_;                      // channels
  std::size_t outputs_;                     // channels
  std::size_t pixels_;                      // of all results
  [[maybe_unused]] float slope_;            // of negative results; by run, where it is compiled
  std::vector<std::vector<Meeting>> taps_;  // pixels that each place of the window joins
  std::vector<Weights> weights_;            // [tap][output / 16][input]
  std::vector<Sums> scales_;                // of the weights of an output
  std::vector<Sums> bias_;
  std::vector<Sums> gathered_;  // [input / 64][pixel][input % 64]
  std::vector<Sums> sums_;      // [pixel][output]
  const float* source_ = nullptr;
  const float* added_ = nullptr;
  float* result_ = nullptr;
};

}  // namespace maitred::inference
