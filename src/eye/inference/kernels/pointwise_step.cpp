#include "pointwise_step.h"

#include <algorithm>
#include <limits>

#include "src/eye/inference/backends/convolution_kinds.h"

namespace maitred::inference {
namespace {

constexpr std::int64_t kLeastChannels = 64;
constexpr std::int64_t kLeastPixels = 64;  // with fewer, reading the weights takes the time

std::size_t pixels_of_all(const Shape& shape) {
  return static_cast<std::size_t>(shape[0] * shape[2] * shape[3]);
}

// True if PointwiseInt8 can apply the post-ops.
bool has_plain_slope(const Convolution& conv) {
  return is_rectified(conv) && slope_of(conv) >= 0.0F && slope_of(conv) <= 1.0F;
}

}  // namespace

bool PointwiseStep::gains(const Convolution& convolution, const Shape& input, const Shape& result) {
  return is_pointwise(convolution) && input.size() == 4 && input[1] >= kLeastChannels &&
         result[1] >= kLeastChannels && result[2] * result[3] >= kLeastPixels &&
         has_plain_slope(convolution) &&
         PointwiseInt8::possible(static_cast<std::size_t>(input[1]),
                                 static_cast<std::size_t>(result[1]));
}

PointwiseStep::PointwiseStep(const Convolution& convolution, const Shape& result)
    : pixels_(pixels_of_all(result)),
      outputs_(static_cast<std::size_t>(result[1])),
      convolution_(convolution.weights, convolution.bias, slope_of(convolution), Int8Inputs::kAny) {
}

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
