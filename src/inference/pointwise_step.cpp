#include "pointwise_step.h"

#include <algorithm>
#include <array>
#include <limits>

namespace maitred::inference {
namespace {

constexpr std::int64_t kLeastChannels = 64;
constexpr std::int64_t kLeastPixels = 64;  // of fewer the time goes into reading the weights

std::size_t pixels_of_all(const Shape& shape) {
  return static_cast<std::size_t>(shape[0] * shape[2] * shape[3]);
}

const Activation* only_rectifier(const std::vector<PostOp>& post_ops) {
  if (post_ops.size() != 1) return nullptr;
  const auto* const activation = std::get_if<Activation>(&post_ops[0]);
  const bool fits = activation != nullptr && activation->kind == ActivationKind::kRelu &&
                    activation->alpha >= 0.0F && activation->alpha <= 1.0F;
  return fits ? activation : nullptr;
}

float slope_after(const std::vector<PostOp>& post_ops) {
  const Activation* const rectifier = only_rectifier(post_ops);
  return rectifier == nullptr ? 1.0F : rectifier->alpha;
}

}  // namespace

bool PointwiseStep::gains(const Convolution& convolution, const Shape& input, const Shape& result) {
  constexpr std::array<std::int64_t, 2> kOne = {1, 1}, kNone = {0, 0};
  const Window& window = convolution.window;
  const bool pointwise = input.size() == 4 && convolution.groups == 1 && window.kernel == kOne &&
                         window.strides == kOne && window.pads_begin == kNone &&
                         window.pads_end == kNone;
  return pointwise && input[1] >= kLeastChannels && result[1] >= kLeastChannels &&
         result[2] * result[3] >= kLeastPixels &&
         (convolution.post_ops.empty() || only_rectifier(convolution.post_ops) != nullptr) &&
         PointwiseInt8::possible(static_cast<std::size_t>(input[1]),
                                 static_cast<std::size_t>(result[1]));
}

PointwiseStep::PointwiseStep(const Convolution& convolution, const Shape& result)
    : pixels_(pixels_of_all(result)),
      outputs_(static_cast<std::size_t>(result[1])),
      convolution_(convolution.weights, convolution.bias, slope_after(convolution.post_ops),
                   Int8Inputs::kAny) {}

void PointwiseStep::bind(const std::vector<float*>& data, void* scratchpad) {
  (void)scratchpad;
  source_ = data[0];
  result_ = data[1];
}

void PointwiseStep::run(dnnl::stream& stream) {
  (void)stream;
  if (convolution_.run(source_, pixels_, result_)) return;
  std::fill_n(result_, pixels_ * outputs_, std::numeric_limits<float>::quiet_NaN());
}

}  // namespace maitred::inference
