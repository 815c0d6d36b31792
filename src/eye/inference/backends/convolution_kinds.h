// What a convolution is and what it ends with. Private to this module. Pure.
#pragma once

#include <variant>

#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// 1x1, of all channels, every pixel by itself.
inline bool is_pointwise(const Convolution& conv) {
  const Window plain;
  return conv.groups == 1 && conv.window.kernel == plain.kernel &&
         conv.window.strides == plain.strides && conv.window.pads_begin == plain.pads_begin &&
         conv.window.pads_end == plain.pads_end;
}

// The rectifier that comes last, if one does.
inline const Activation* last_rectifier(const Convolution& conv) {
  if (conv.post_ops.empty()) return nullptr;
  const auto* const last = std::get_if<Activation>(&conv.post_ops.back());
  return last != nullptr && last->kind == ActivationKind::kRelu ? last : nullptr;
}

// By which negative results are multiplied at the end.
inline float slope_of(const Convolution& conv) {
  const Activation* const rectifier = last_rectifier(conv);
  return rectifier == nullptr ? 1.0F : rectifier->alpha;
}

// Whether nothing follows but perhaps a rectifier.
inline bool is_rectified(const Convolution& conv) {
  return conv.post_ops.empty() || (conv.post_ops.size() == 1 && last_rectifier(conv) != nullptr);
}

}  // namespace maitred::inference
