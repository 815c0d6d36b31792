// Imports ONNX operators, opsets 7 to 17.
#include <algorithm>
#include <cmath>
#include <limits>

#include "importer.h"

namespace maitred::inference {
namespace {

Result<AutoPad> auto_pad_of(const Attributes& attributes) {
  MAITRED_ASSIGN(const std::string text, attributes.text("auto_pad", "NOTSET"));
  if (text == "NOTSET" || text.empty()) return AutoPad::kExplicit;
  if (text == "SAME_UPPER") return AutoPad::kSameUpper;
  if (text == "SAME_LOWER") return AutoPad::kSameLower;
  if (text == "VALID") return AutoPad::kValid;
  return model_invalid("auto_pad " + in_quotes(text));
}

Result<Window> window_of(const Attributes& attributes, std::array<std::int64_t, 2> kernel,
                         const Shape& input) {
  Window window;
  MAITRED_ASSIGN(window.kernel, attributes.pair("kernel_shape", kernel));
  MAITRED_ASSIGN(window.strides, attributes.pair("strides", {1, 1}));
  MAITRED_ASSIGN(window.dilations, attributes.pair("dilations", {1, 1}));
  MAITRED_ASSIGN(const auto pads, attributes.integers("pads", {0, 0, 0, 0}));
  if (pads.size() != 4) return model_unsupported("its pads are not four values");
  window.pads_begin = {pads[0], pads[1]};
  window.pads_end = {pads[2], pads[3]};
  MAITRED_TRY(check_window(window));
  MAITRED_ASSIGN(const AutoPad mode, auto_pad_of(attributes));
  apply_auto_pad(mode, input, window);
  return window;
}

Status import_conv(Importer& importer, const ParsedNode& node) {
  const Attributes attributes(node);
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  MAITRED_ASSIGN(const Tensor* weights, importer.floats(node, 1));
  if (weights->shape.size() != 4) {
    return model_unsupported("weights of shape " + to_text(weights->shape));
  }
  Convolution conv{.out_channels = weights->shape[0], .weights = weights->floats};
  MAITRED_ASSIGN(conv.window, window_of(attributes, {weights->shape[2], weights->shape[3]},
                                        importer.shape(value)));
  MAITRED_ASSIGN(conv.groups, attributes.integer("group", 1));
  const Shape& input = importer.shape(value);
  if (conv.groups < 1 || input.size() != 4 || weights->shape[1] > input[1] / conv.groups ||
      weights->shape[1] * conv.groups != input[1] ||
      conv.window.kernel != std::array{weights->shape[2], weights->shape[3]}) {
    return model_invalid("weights " + to_text(weights->shape) + " in " +
                         std::to_string(conv.groups) + " groups do not fit its input " +
                         to_text(input));
  }
  conv.bias.assign(static_cast<std::size_t>(conv.out_channels), 0.0F);
  if (node.inputs.size() > 2 && !node.inputs[2].empty()) {
    MAITRED_ASSIGN(const Tensor* bias, importer.floats(node, 2));
    conv.bias = bias->floats;
  }
  return importer.emit(node, std::move(conv), {value});
}

Status import_batch_norm(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  MAITRED_ASSIGN(const Tensor* gamma, importer.floats(node, 1));
  MAITRED_ASSIGN(const Tensor* beta, importer.floats(node, 2));
  MAITRED_ASSIGN(const Tensor* mean, importer.floats(node, 3));
  MAITRED_ASSIGN(const Tensor* variance, importer.floats(node, 4));
  MAITRED_ASSIGN(const float epsilon, Attributes(node).real("epsilon", 1e-5F));
  const std::size_t channels = gamma->floats.size();
  if (beta->floats.size() != channels || mean->floats.size() != channels ||
      variance->floats.size() != channels) {
    return model_invalid("its constants have different lengths");
  }
  ScaleShift affine;
  for (std::size_t c = 0; c < channels; ++c) {
    const double scale =
        gamma->floats[c] / std::sqrt(static_cast<double>(variance->floats[c]) + epsilon);
    affine.scale.push_back(static_cast<float>(scale));
    affine.shift.push_back(static_cast<float>(beta->floats[c] - mean->floats[c] * scale));
  }
  return importer.emit(node, std::move(affine), {value});
}

Status import_pool(Importer& importer, const ParsedNode& node, PoolKind kind) {
  const Attributes attributes(node);
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  if (!attributes.has("kernel_shape")) return model_invalid("it has no kernel_shape");
  Pool pool{kind, {}};
  MAITRED_ASSIGN(pool.window, window_of(attributes, {1, 1}, importer.shape(value)));
  MAITRED_ASSIGN(const std::int64_t ceil_mode, attributes.integer("ceil_mode", 0));
  if (ceil_mode != 0) {
    const Window before = pool.window;
    apply_ceil_mode(importer.shape(value), pool.window);
    if (kind == PoolKind::kAverageWithPadding && before.pads_end != pool.window.pads_end) {
      return model_unsupported("an average with ceil_mode and count_include_pad");
    }
  }
  return importer.emit(node, pool, {value});
}

Status import_max_pool(Importer& importer, const ParsedNode& node) {
  return import_pool(importer, node, PoolKind::kMaximum);
}

Status import_average_pool(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const std::int64_t padded, Attributes(node).integer("count_include_pad", 0));
  return import_pool(importer, node,
                     padded != 0 ? PoolKind::kAverageWithPadding : PoolKind::kAverage);
}

Status import_leaky_relu(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const float alpha, Attributes(node).real("alpha", 0.01F));
  return import_activation(importer, node, {ActivationKind::kRelu, alpha, 0});
}

Status import_elu(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const float alpha, Attributes(node).real("alpha", 1.0F));
  return import_activation(importer, node, {ActivationKind::kElu, alpha, 0});
}

template <ActivationKind kKind>
Status import_plain_activation(Importer& importer, const ParsedNode& node) {
  return import_activation(importer, node, {kKind, 0, 0});
}

Status import_clip(Importer& importer, const ParsedNode& node) {
  constexpr float kLowest = std::numeric_limits<float>::lowest();
  constexpr float kHighest = std::numeric_limits<float>::max();
  MAITRED_ASSIGN(float low, Attributes(node).real("min", kLowest));
  MAITRED_ASSIGN(float high, Attributes(node).real("max", kHighest));
  for (std::size_t i = 1; i < 3; ++i) {
    if (i >= node.inputs.size() || node.inputs[i].empty()) continue;
    MAITRED_ASSIGN(const Tensor* limit, importer.floats(node, i));
    if (limit->floats.size() != 1) return model_invalid("its limit is not one number");
    (i == 1 ? low : high) = limit->floats[0];
  }
  return import_activation(importer, node, {ActivationKind::kClip, low, high});
}

// Before opset 13 the axis divides the shape in two, and the softmax covers the whole right part.
Status import_onnx_softmax(Importer& importer, const ParsedNode& node) {
  const bool old = importer.opset() < 13;
  MAITRED_ASSIGN(const std::int64_t axis, Attributes(node).integer("axis", old ? 1 : -1));
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  const Shape shape = importer.shape(value);
  MAITRED_ASSIGN(const std::size_t split, normalised_axis(axis, shape.size()));
  if (!old || split + 1 == shape.size()) return import_softmax(importer, node, axis);
  Shape matrix = {1, 1};
  for (std::size_t i = 0; i < shape.size(); ++i) matrix[i < split ? 0 : 1] *= shape[i];
  MAITRED_ASSIGN(NodeId id, importer.append(node, Reshape{matrix}, {value}));
  MAITRED_ASSIGN(id, importer.append(node, Softmax{1}, {id}));
  return importer.emit(node, Reshape{shape}, {id});
}

template <BinaryKind kKind>
Status import_onnx_binary(Importer& importer, const ParsedNode& node) {
  return import_binary(importer, node, kKind);
}

Status import_onnx_reduce_mean(Importer& importer, const ParsedNode& node) {
  const Attributes attributes(node);
  MAITRED_ASSIGN(std::vector<std::int64_t> axes, attributes.integers("axes", {}));
  if (const Tensor* tensor = importer.constant(node, 1)) axes = tensor->integers;
  MAITRED_ASSIGN(const std::int64_t keep, attributes.integer("keepdims", 1));
  return import_reduce_mean(importer, node, axes, keep != 0);
}

Status import_resize(Importer& importer, const ParsedNode& node) {
  const Attributes attributes(node);
  MAITRED_ASSIGN(const std::string mode, attributes.text("mode", "nearest"));
  MAITRED_ASSIGN(const std::string coordinates,
                 attributes.text("coordinate_transformation_mode", "half_pixel"));
  MAITRED_ASSIGN(const std::string rounding, attributes.text("nearest_mode", "round_prefer_floor"));
  // For whole factors both modes give the same result: every pixel is repeated.
  const bool repeats = (coordinates == "asymmetric" && rounding == "floor") ||
                       (coordinates == "half_pixel" && rounding.starts_with("round_"));
  if (mode != "nearest" || !(repeats || node.type == "Upsample")) {
    return model_unsupported("mode " + in_quotes(mode) + " with " + in_quotes(coordinates) +
                             " and " + in_quotes(rounding) +
                             "; only repeated pixels are supported");
  }
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  const Shape& shape = importer.shape(value);
  if (shape.size() != 4) return model_unsupported("a resizing of shape " + to_text(shape));
  const std::size_t scales_index = node.inputs.size() > 2 ? 2 : 1;
  if (const Tensor* scales = importer.constant(node, scales_index);
      scales != nullptr && scales->floats.size() == 4) {
    if (scales->floats[0] != 1 || scales->floats[1] != 1) {
      return model_unsupported("a resizing of channels");
    }
    return import_upsample(importer, node, scales->floats[2], scales->floats[3]);
  }
  MAITRED_ASSIGN(const Tensor* sizes, importer.integers(node, 3));
  if (sizes->integers.size() != 4 || sizes->integers[1] != shape[1]) {
    return model_unsupported("a resizing of channels");
  }
  return import_upsample(importer, node,
                         static_cast<double>(sizes->integers[2]) / static_cast<double>(shape[2]),
                         static_cast<double>(sizes->integers[3]) / static_cast<double>(shape[3]));
}

Status import_onnx_transpose(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const auto order, Attributes(node).integers("perm", {}));
  return import_transpose(importer, node, order);
}

Status import_onnx_reshape(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const Tensor* wanted, importer.integers(node, 1));
  MAITRED_ASSIGN(const std::int64_t allow_zero, Attributes(node).integer("allowzero", 0));
  return import_reshape(importer, node, wanted->integers, allow_zero == 0);
}

Status import_flatten(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const std::int64_t axis, Attributes(node).integer("axis", 1));
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  const Shape& shape = importer.shape(value);
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < -rank || axis > rank) {
    return model_invalid("its axis " + std::to_string(axis) + " is out of range");
  }
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  Shape flat = {1, 1};
  for (std::size_t i = 0; i < shape.size(); ++i) flat[i < split ? 0 : 1] *= shape[i];
  return importer.emit(node, Reshape{flat}, {value});
}

Result<std::vector<std::int64_t>> axes_of(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(std::vector<std::int64_t> axes, Attributes(node).integers("axes", {}));
  if (const Tensor* tensor = importer.constant(node, 1)) axes = tensor->integers;
  return axes;
}

Status import_onnx_squeeze(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(auto axes, axes_of(importer, node));
  return import_squeeze(importer, node, axes);
}

Status import_onnx_unsqueeze(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(auto axes, axes_of(importer, node));
  return import_unsqueeze(importer, node, std::move(axes));
}

Status import_matmul(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const Tensor* weights, importer.floats(node, 1));
  return import_linear(importer, node, *weights, false, {});
}

Status import_gemm(Importer& importer, const ParsedNode& node) {
  const Attributes attributes(node);
  MAITRED_ASSIGN(const float alpha, attributes.real("alpha", 1.0F));
  MAITRED_ASSIGN(const float beta, attributes.real("beta", 1.0F));
  MAITRED_ASSIGN(const std::int64_t trans_a, attributes.integer("transA", 0));
  MAITRED_ASSIGN(const std::int64_t trans_b, attributes.integer("transB", 0));
  if (alpha != 1.0F || beta != 1.0F || trans_a != 0) {
    return model_unsupported("a product with alpha, beta or transA");
  }
  MAITRED_ASSIGN(const Tensor* weights, importer.floats(node, 1));
  std::vector<float> bias;
  if (node.inputs.size() > 2 && !node.inputs[2].empty()) {
    MAITRED_ASSIGN(const Tensor* tensor, importer.floats(node, 2));
    bias = tensor->floats;
  }
  return import_linear(importer, node, *weights, trans_b != 0, std::move(bias));
}

}  // namespace

// In onnx_constants.cpp.
Status import_constant(Importer& importer, const ParsedNode& node);
Status import_shape(Importer& importer, const ParsedNode& node);
Status import_gather(Importer& importer, const ParsedNode& node);
Status import_onnx_concat(Importer& importer, const ParsedNode& node);

OperatorImport find_onnx_operator(std::string_view type) {
  using enum BinaryKind;
  using enum ActivationKind;
  static const std::unordered_map<std::string_view, OperatorImport> kOperators = {
      {"Add", import_onnx_binary<kAdd>},
      {"AveragePool", import_average_pool},
      {"BatchNormalization", import_batch_norm},
      {"Cast", import_identity},
      {"Clip", import_clip},
      {"Concat", import_onnx_concat},
      {"Constant", import_constant},
      {"Conv", import_conv},
      {"Div", import_onnx_binary<kDivide>},
      {"Dropout", import_identity},
      {"Elu", import_elu},
      {"Flatten", import_flatten},
      {"Gather", import_gather},
      {"Gemm", import_gemm},
      {"GlobalAveragePool", import_global_average},
      {"HardSwish", import_plain_activation<kHardSwish>},
      {"Identity", import_identity},
      {"LeakyRelu", import_leaky_relu},
      {"MatMul", import_matmul},
      {"Max", import_onnx_binary<kMaximum>},
      {"MaxPool", import_max_pool},
      {"Min", import_onnx_binary<kMinimum>},
      {"Mul", import_onnx_binary<kMultiply>},
      {"PRelu", import_prelu},
      {"ReduceMean", import_onnx_reduce_mean},
      {"Relu", import_plain_activation<kRelu>},
      {"Reshape", import_onnx_reshape},
      {"Resize", import_resize},
      {"Shape", import_shape},
      {"Sigmoid", import_plain_activation<kSigmoid>},
      {"Softmax", import_onnx_softmax},
      {"Squeeze", import_onnx_squeeze},
      {"Sub", import_onnx_binary<kSubtract>},
      {"Tanh", import_plain_activation<kTanh>},
      {"Transpose", import_onnx_transpose},
      {"Unsqueeze", import_onnx_unsqueeze},
      {"Upsample", import_resize},
  };
  const auto found = kOperators.find(type);
  return found == kOperators.end() ? nullptr : found->second;
}

}  // namespace maitred::inference
