// The step of a single 1x1 convolution in 8-bit arithmetic. Private to this module.
#pragma once

#include <cstddef>
#include <vector>

#include "pointwise_int8.h"
#include "src/eye/inference/backends/onednn_program.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

class PointwiseStep final : public NativeStep {
 public:
  // True if this processor can run it and it is faster than in floats.
  static bool gains(const Convolution& convolution, const Shape& input, const Shape& result);

  // Requires gains().
  PointwiseStep(const Convolution& convolution, const Shape& result);

  // `data` is source and result, both [image][row][column][channel]. If an input is not finite, no
  // result is.
  void bind(const std::vector<float*>& data, void* scratchpad) override;
  void run(dnnl::stream& stream) override;

 private:
  std::size_t pixels_;  // of all images
  std::size_t outputs_;
  PointwiseInt8 convolution_;
  const float* source_ = nullptr;
  float* result_ = nullptr;
};

}  // namespace maitred::inference
