#include "onednn_algorithms.h"

#include <array>

namespace maitred::inference {

Eltwise eltwise_of(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::kRelu:
      return {dnnl::algorithm::eltwise_relu, activation.alpha, 0};
    case ActivationKind::kSigmoid:
      return {dnnl::algorithm::eltwise_logistic, 0, 0};
    case ActivationKind::kTanh:
      return {dnnl::algorithm::eltwise_tanh, 0, 0};
    case ActivationKind::kElu:
      return {dnnl::algorithm::eltwise_elu, activation.alpha, 0};
    case ActivationKind::kClip:
      return {dnnl::algorithm::eltwise_clip, activation.alpha, activation.beta};
    case ActivationKind::kLinear:
      return {dnnl::algorithm::eltwise_linear, activation.alpha, activation.beta};
    case ActivationKind::kHardSwish:
      return {dnnl::algorithm::eltwise_hardswish, 0, 0};
  }
  return {dnnl::algorithm::eltwise_linear, 1, 0};
}

dnnl::algorithm binary_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return dnnl::algorithm::binary_add;
    case BinaryKind::kSubtract:
      return dnnl::algorithm::binary_sub;
    case BinaryKind::kMultiply:
      return dnnl::algorithm::binary_mul;
    case BinaryKind::kDivide:
      return dnnl::algorithm::binary_div;
    case BinaryKind::kMaximum:
      return dnnl::algorithm::binary_max;
    case BinaryKind::kMinimum:
      return dnnl::algorithm::binary_min;
  }
  return dnnl::algorithm::binary_add;
}

bool gains_by_winograd(const Convolution& conv, const Shape& result) {
  constexpr std::array<std::int64_t, 2> kThree = {3, 3}, kOne = {1, 1};
  const Window& window = conv.window;
  return conv.groups == 1 && window.kernel == kThree && window.strides == kOne &&
         window.dilations == kOne && result[1] >= 16 && result[2] >= 16 && result[3] >= 16;
}

}  // namespace maitred::inference
