// Properties of a convolution and its post-ops. Private to this module. Pure.
#pragma once

#include <variant>

#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// True for a 1x1 convolution over all channels with stride 1.
inline bool is_pointwise(const Convolution& conv) {
  const Window plain;
  return conv.groups == 1 && conv.window.kernel == plain.kernel &&
         conv.window.strides == plain.strides && conv.window.pads_begin == plain.pads_begin &&
         conv.window.pads_end == plain.pads_end;
}

// The rectifier, if it is the last post-op.
inline const Activation* last_rectifier(const Convolution& conv) {
  if (conv.post_ops.empty()) return nullptr;
  const auto* const last = std::get_if<Activation>(&conv.post_ops.back());
  return last != nullptr && last->kind == ActivationKind::kRelu ? last : nullptr;
}

// The factor of negative results at the end.
inline float slope_of(const Convolution& conv) {
  const Activation* const rectifier = last_rectifier(conv);
  return rectifier == nullptr ? 1.0F : rectifier->alpha;
}

// True if there is no post-op but a rectifier at most.
inline bool is_rectified(const Convolution& conv) {
  return conv.post_ops.empty() || (conv.post_ops.size() == 1 && last_rectifier(conv) != nullptr);
}

}  // namespace maitred::inference
