// Imports OpenVINO operators (those of opset 1 to 8 that face networks use).
#include <algorithm>

#include "importer.h"

namespace maitred::inference {
namespace {

Result<AutoPad> auto_pad_of(const Attributes& attributes) {
  MAITRED_ASSIGN(const std::string text, attributes.text("auto_pad", "explicit"));
  if (text == "explicit" || text == "notset" || text.empty()) return AutoPad::kExplicit;
  if (text == "same_upper") return AutoPad::kSameUpper;
  if (text == "same_lower") return AutoPad::kSameLower;
  if (text == "valid") return AutoPad::kValid;
  return model_invalid("auto_pad " + in_quotes(text));
}

Result<Window> window_of(const Attributes& attributes, std::array<std::int64_t, 2> kernel,
                         const Shape& input) {
  Window window;
  window.kernel = kernel;
  MAITRED_ASSIGN(window.strides, attributes.pair("strides", {1, 1}));
  MAITRED_ASSIGN(window.dilations, attributes.pair("dilations", {1, 1}));
  MAITRED_ASSIGN(window.pads_begin, attributes.pair("pads_begin", {0, 0}));
  MAITRED_ASSIGN(window.pads_end, attributes.pair("pads_end", {0, 0}));
  MAITRED_TRY(check_window(window));
  MAITRED_ASSIGN(const AutoPad mode, auto_pad_of(attributes));
  apply_auto_pad(mode, input, window);
  return window;
}

Status import_convolution(Importer& importer, const ParsedNode& node, bool grouped) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  MAITRED_ASSIGN(const Tensor* weights, importer.floats(node, 1));
  const Shape& shape = weights->shape;  // [groups,] out, in, height, width
  if (shape.size() != (grouped ? 5U : 4U)) {
    return model_unsupported("weights of shape " + to_text(shape));
  }
  const std::size_t first = grouped ? 1 : 0;
  Convolution conv{.groups = grouped ? shape[0] : 1};
  conv.out_channels = shape[first] * conv.groups;
  const Shape& input = importer.shape(value);
  if (input.size() != 4 || shape[first + 1] * conv.groups != input[1]) {
    return model_invalid("weights " + to_text(shape) + " do not fit its input " + to_text(input));
  }
  conv.weights = weights->floats;
  conv.bias.assign(static_cast<std::size_t>(conv.out_channels), 0.0F);
  MAITRED_ASSIGN(conv.window,
                 window_of(Attributes(node), {shape[first + 2], shape[first + 3]}, input));
  return importer.emit(node, std::move(conv), {value});
}

Status import_plain_convolution(Importer& importer, const ParsedNode& node) {
  return import_convolution(importer, node, false);
}

Status import_group_convolution(Importer& importer, const ParsedNode& node) {
  return import_convolution(importer, node, true);
}

Status import_pool(Importer& importer, const ParsedNode& node, PoolKind kind) {
  const Attributes attributes(node);
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  if (!attributes.has("kernel")) return model_invalid("it has no kernel");
  MAITRED_ASSIGN(const auto kernel, attributes.pair("kernel", {1, 1}));
  Pool pool{kind, {}};
  MAITRED_ASSIGN(pool.window, window_of(attributes, kernel, importer.shape(value)));
  MAITRED_ASSIGN(const std::string rounding, attributes.text("rounding_type", "floor"));
  if (rounding != "floor") {
    const Window before = pool.window;
    apply_ceil_mode(importer.shape(value), pool.window);
    if (kind == PoolKind::kAverageWithPadding && before.pads_end != pool.window.pads_end) {
      return model_unsupported("an average with rounding_type ceil that counts its padding");
    }
  }
  return importer.emit(node, pool, {value});
}

Status import_max_pool(Importer& importer, const ParsedNode& node) {
  return import_pool(importer, node, PoolKind::kMaximum);
}

Status import_avg_pool(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const std::int64_t exclude, Attributes(node).integer("exclude-pad", 1));
  return import_pool(importer, node,
                     exclude != 0 ? PoolKind::kAverage : PoolKind::kAverageWithPadding);
}

template <BinaryKind kKind>
Status import_ir_binary(Importer& importer, const ParsedNode& node) {
  return import_binary(importer, node, kKind);
}

template <ActivationKind kKind>
Status import_plain_activation(Importer& importer, const ParsedNode& node) {
  return import_activation(importer, node, {kKind, 0, 0});
}

Status import_elu(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const float alpha, Attributes(node).real("alpha", 1.0F));
  return import_activation(importer, node, {ActivationKind::kElu, alpha, 0});
}

Status import_clamp(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const float low, Attributes(node).real("min", 0.0F));
  MAITRED_ASSIGN(const float high, Attributes(node).real("max", 0.0F));
  return import_activation(importer, node, {ActivationKind::kClip, low, high});
}

// A list of slopes has one value per channel, unlike in numpy's broadcasting.
Status import_ir_prelu(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  MAITRED_ASSIGN(const Tensor* slopes, importer.floats(node, 1));
  const Shape& shape = importer.shape(value);
  const bool list = slopes->shape.size() == 1 && slopes->floats.size() > 1 && shape.size() > 1 &&
                    slopes->shape[0] == shape[1];
  if (!list) return import_prelu(importer, node);
  return importer.emit(node, PRelu{slopes->floats}, {value});
}

Status import_ir_reduce_mean(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const Tensor* axes, importer.integers(node, 1));
  MAITRED_ASSIGN(const std::int64_t keep, Attributes(node).integer("keep_dims", 0));
  return import_reduce_mean(importer, node, axes->integers, keep != 0);
}

Status import_ir_transpose(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const Tensor* order, importer.integers(node, 1));
  return import_transpose(importer, node, order->integers);
}

Status import_ir_reshape(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const Tensor* wanted, importer.integers(node, 1));
  MAITRED_ASSIGN(const std::int64_t special_zero, Attributes(node).integer("special_zero", 0));
  return import_reshape(importer, node, wanted->integers, special_zero != 0);
}

Status import_ir_squeeze(Importer& importer, const ParsedNode& node) {
  const Tensor* axes = importer.constant(node, 1);
  return import_squeeze(importer, node,
                        axes == nullptr ? std::vector<std::int64_t>{} : axes->integers);
}

Status import_ir_unsqueeze(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const Tensor* axes, importer.integers(node, 1));
  return import_unsqueeze(importer, node, axes->integers);
}

Status import_ir_concat(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const std::int64_t axis, Attributes(node).integer("axis", 1));
  return import_concatenate(importer, node, axis);
}

Status import_ir_softmax(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const std::int64_t axis, Attributes(node).integer("axis", 1));
  return import_softmax(importer, node, axis);
}

Status import_ir_matmul(Importer& importer, const ParsedNode& node) {
  const Attributes attributes(node);
  MAITRED_ASSIGN(const std::int64_t transpose_a, attributes.integer("transpose_a", 0));
  MAITRED_ASSIGN(const std::int64_t transpose_b, attributes.integer("transpose_b", 0));
  if (transpose_a != 0) return model_unsupported("a product with transpose_a");
  MAITRED_ASSIGN(const Tensor* weights, importer.floats(node, 1));
  return import_linear(importer, node, *weights, transpose_b != 0, {});
}

}  // namespace

OperatorImport find_ir_operator(std::string_view type) {
  using enum BinaryKind;
  using enum ActivationKind;
  static const std::unordered_map<std::string_view, OperatorImport> kOperators = {
      {"Add", import_ir_binary<kAdd>},
      {"AvgPool", import_avg_pool},
      {"Clamp", import_clamp},
      {"Concat", import_ir_concat},
      {"Convert", import_identity},
      {"Convolution", import_plain_convolution},
      {"Divide", import_ir_binary<kDivide>},
      {"Elu", import_elu},
      {"GroupConvolution", import_group_convolution},
      {"HSwish", import_plain_activation<kHardSwish>},
      {"MatMul", import_ir_matmul},
      {"MaxPool", import_max_pool},
      {"Maximum", import_ir_binary<kMaximum>},
      {"Minimum", import_ir_binary<kMinimum>},
      {"Multiply", import_ir_binary<kMultiply>},
      {"PReLU", import_ir_prelu},
      {"ReLU", import_plain_activation<kRelu>},
      {"ReduceMean", import_ir_reduce_mean},
      {"Reshape", import_ir_reshape},
      {"Sigmoid", import_plain_activation<kSigmoid>},
      {"SoftMax", import_ir_softmax},
      {"Squeeze", import_ir_squeeze},
      {"Subtract", import_ir_binary<kSubtract>},
      {"Tanh", import_plain_activation<kTanh>},
      {"Transpose", import_ir_transpose},
      {"Unsqueeze", import_ir_unsqueeze},
  };
  const auto found = kOperators.find(type);
  return found == kOperators.end() ? nullptr : found->second;
}

}  // namespace maitred::inference
