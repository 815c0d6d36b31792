// Writes the steps with weights: convolutions and matrix products. Private to this folder.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "onednn_step_writer.h"

namespace maitred::inference {

class OneDnnConvolutionWriter : protected OneDnnStepWriter {
 protected:
  using OneDnnStepWriter::OneDnnStepWriter;

  ValueId write(const Convolution& conv);
  ValueId write(const Linear& linear);
  ValueId write(const Separable& separable);

 private:
  // Returns this project's own step if it is faster than oneDNN's, else null.
  std::unique_ptr<NativeStep> own_step(const Convolution& conv);
  ValueId write_own(const Convolution& conv, std::unique_ptr<NativeStep> step);
  // Adds a primitive with weights and bias.
  template <class Primitive>
  ValueId add_weighted(const typename Primitive::primitive_desc& pd, const Shape& weights_shape,
                       const std::vector<float>& weights, const std::vector<float>& bias,
                       std::optional<ValueId> sum, Arguments arguments);
};

}  // namespace maitred::inference
