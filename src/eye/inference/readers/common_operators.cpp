// Operators that ONNX and OpenVINO share: elementwise operators, reshaping, matrix products.
#include <algorithm>
#include <cmath>

#include "importer.h"

namespace maitred::inference {
namespace {

// The constant as one value per channel of `shape`, if numpy's broadcasting makes it that.
std::optional<std::vector<float>> per_channel(const Tensor& tensor, const Shape& shape) {
  const auto channels = static_cast<std::size_t>(shape.size() < 2 ? 1 : shape[1]);
  if (tensor.is_integer || tensor.shape.size() > shape.size()) return std::nullopt;
  if (tensor.floats.size() == 1) return std::vector<float>(channels, tensor.floats[0]);
  const std::size_t missing = shape.size() - tensor.shape.size();
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const std::size_t axis = missing + i;
    if (axis == 1 ? tensor.shape[i] != shape[1] : tensor.shape[i] != 1) return std::nullopt;
  }
  return tensor.floats;
}

std::optional<ScaleShift> as_scale_shift(BinaryKind kind, std::vector<float> values,
                                         bool constant_first) {
  const std::vector<float> ones(values.size(), 1.0F);
  const std::vector<float> zeros(values.size(), 0.0F);
  switch (kind) {
    case BinaryKind::kAdd:
      return ScaleShift{ones, std::move(values)};
    case BinaryKind::kMultiply:
      return ScaleShift{std::move(values), zeros};
    case BinaryKind::kSubtract:
      if (constant_first) return ScaleShift{std::vector<float>(values.size(), -1.0F), values};
      for (float& value : values) value = -value;
      return ScaleShift{ones, std::move(values)};
    case BinaryKind::kDivide:
      if (constant_first) return std::nullopt;
      for (float& value : values) value = 1.0F / value;
      return ScaleShift{std::move(values), zeros};
    default:
      return std::nullopt;
  }
}

// Prepends dimensions of 1 to the value up to `rank`.
Result<NodeId> with_rank(Importer& importer, const ParsedNode& node, NodeId id, std::size_t rank) {
  Shape shape = importer.shape(id);
  if (shape.size() >= rank) return id;
  shape.insert(shape.begin(), rank - shape.size(), 1);
  return importer.append(node, Reshape{shape}, {id});
}

}  // namespace

Status import_identity(Importer& importer, const ParsedNode& node) {
  if (const Tensor* tensor = importer.constant(node, 0)) {
    return importer.define_constant(node, *tensor);
  }
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  return importer.define(node, value);
}

Status import_binary(Importer& importer, const ParsedNode& node, BinaryKind kind) {
  if (node.inputs.size() != 2) return model_unsupported("it does not have two inputs");
  for (std::size_t constant = 0; constant < 2; ++constant) {
    const Tensor* tensor = importer.constant(node, constant);
    if (tensor == nullptr || importer.constant(node, 1 - constant) != nullptr) continue;
    MAITRED_ASSIGN(const NodeId value, importer.value(node, 1 - constant));
    if (auto values = per_channel(*tensor, importer.shape(value))) {
      if (auto affine = as_scale_shift(kind, *std::move(values), constant == 0)) {
        return importer.emit(node, *std::move(affine), {value});
      }
    }
  }
  MAITRED_ASSIGN(NodeId first, importer.value(node, 0));
  MAITRED_ASSIGN(NodeId second, importer.value(node, 1));
  const std::size_t rank = std::max(importer.shape(first).size(), importer.shape(second).size());
  MAITRED_ASSIGN(first, with_rank(importer, node, first, rank));
  MAITRED_ASSIGN(second, with_rank(importer, node, second, rank));
  if (checked_count(importer.shape(first)) < checked_count(importer.shape(second))) {
    if (kind == BinaryKind::kSubtract || kind == BinaryKind::kDivide) {
      return model_unsupported("its first input is smaller than its second");
    }
    std::swap(first, second);
  }
  return importer.emit(node, Binary{kind, {}}, {first, second});
}

Status import_activation(Importer& importer, const ParsedNode& node, Activation activation) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  return importer.emit(node, activation, {value});
}

Status import_softmax(Importer& importer, const ParsedNode& node, std::int64_t axis) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  MAITRED_ASSIGN(const std::size_t normalised, normalised_axis(axis, importer.shape(value).size()));
  return importer.emit(node, Softmax{normalised}, {value});
}

Status import_concatenate(Importer& importer, const ParsedNode& node, std::int64_t axis) {
  if (node.inputs.empty()) return model_invalid("it concatenates nothing");
  std::vector<NodeId> values;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    MAITRED_ASSIGN(const NodeId value, importer.value(node, i));
    values.push_back(value);
  }
  MAITRED_ASSIGN(const std::size_t normalised,
                 normalised_axis(axis, importer.shape(values[0]).size()));
  return importer.emit(node, Concatenate{normalised}, std::move(values));
}

Status import_prelu(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  MAITRED_ASSIGN(const Tensor* slopes, importer.floats(node, 1));
  if (slopes->floats.size() == 1) {
    return importer.emit(node, Activation{ActivationKind::kRelu, slopes->floats[0], 0}, {value});
  }
  auto values = per_channel(*slopes, importer.shape(value));
  if (!values) {
    return model_unsupported("slopes of shape " + to_text(slopes->shape) + " for a value of " +
                             to_text(importer.shape(value)));
  }
  return importer.emit(node, PRelu{*std::move(values)}, {value});
}

Status import_global_average(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  const Shape& shape = importer.shape(value);
  if (shape.size() != 4) return model_unsupported("an average over shape " + to_text(shape));
  Pool pool{PoolKind::kAverage, {}};
  pool.window.kernel = {shape[2], shape[3]};
  return importer.emit(node, pool, {value});
}

Status import_reduce_mean(Importer& importer, const ParsedNode& node,
                          const std::vector<std::int64_t>& axes, bool keep_dimensions) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  const Shape shape = importer.shape(value);
  std::vector<std::size_t> normalised;
  for (std::int64_t axis : axes) {
    MAITRED_ASSIGN(const std::size_t one, normalised_axis(axis, shape.size()));
    normalised.push_back(one);
  }
  std::sort(normalised.begin(), normalised.end());
  if (shape.size() != 4 || normalised != std::vector<std::size_t>{2, 3}) {
    return model_unsupported("a mean of shape " + to_text(shape) + " over axes other than 2 and 3");
  }
  MAITRED_TRY(import_global_average(importer, node));
  if (keep_dimensions) return {};
  MAITRED_ASSIGN(const NodeId mean, importer.find(node.outputs[0]));
  return importer.emit(node, Reshape{{shape[0], shape[1]}}, {mean});
}

Status import_transpose(Importer& importer, const ParsedNode& node,
                        const std::vector<std::int64_t>& order) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  Transpose transpose;
  for (std::int64_t axis : order) {
    MAITRED_ASSIGN(const std::size_t one, normalised_axis(axis, importer.shape(value).size()));
    transpose.order.push_back(one);
  }
  if (order.empty()) {  // the default: all axes, backwards
    for (std::size_t i = importer.shape(value).size(); i > 0; --i) transpose.order.push_back(i - 1);
  }
  return importer.emit(node, std::move(transpose), {value});
}

Status import_reshape(Importer& importer, const ParsedNode& node, const Shape& wanted,
                      bool copy_zeros) {
  const Tensor* tensor = importer.constant(node, 0);
  Shape from;
  NodeId value = 0;
  if (tensor != nullptr) {
    from = tensor->shape;
  } else {
    MAITRED_ASSIGN(value, importer.value(node, 0));
    from = importer.shape(value);
  }
  const auto cannot = [&] {
    return model_invalid("shape " + to_text(from) + " cannot become " + to_text(wanted));
  };
  Shape shape = wanted;
  std::size_t open = shape.size();
  std::int64_t known = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1 && open == shape.size()) {
      open = i;
      continue;
    }
    if (shape[i] == 0 && copy_zeros && i < from.size()) shape[i] = from[i];
    if (shape[i] < 1 || shape[i] > kMaxElements / known) return cannot();
    known *= shape[i];
  }
  const std::int64_t count = checked_count(from);
  if (open < shape.size()) {
    if (count % known != 0) return cannot();
    shape[open] = count / known;
  } else if (known != count) {
    return cannot();
  }
  if (tensor == nullptr) return importer.emit(node, Reshape{std::move(shape)}, {value});
  Tensor reshaped = *tensor;
  reshaped.shape = std::move(shape);
  return importer.define_constant(node, std::move(reshaped));
}

namespace {

Result<Shape> shape_of_input(Importer& importer, const ParsedNode& node) {
  if (const Tensor* tensor = importer.constant(node, 0)) return tensor->shape;
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  return importer.shape(value);
}

}  // namespace

Status import_squeeze(Importer& importer, const ParsedNode& node,
                      const std::vector<std::int64_t>& axes) {
  MAITRED_ASSIGN(const Shape from, shape_of_input(importer, node));
  std::vector<bool> drop(from.size(), axes.empty());
  for (const std::int64_t axis : axes) {
    MAITRED_ASSIGN(const std::size_t one, normalised_axis(axis, from.size()));
    if (from[one] != 1)
      return model_invalid("axis " + std::to_string(axis) + " is not of length 1");
    drop[one] = true;
  }
  Shape shape;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!drop[i] || from[i] != 1) shape.push_back(from[i]);
  }
  return import_reshape(importer, node, shape, false);
}

Status import_unsqueeze(Importer& importer, const ParsedNode& node,
                        std::vector<std::int64_t> axes) {
  MAITRED_ASSIGN(Shape shape, shape_of_input(importer, node));
  const std::size_t rank = shape.size() + axes.size();
  if (rank > kMaxRank) return model_invalid("it makes more than 8 dimensions");
  for (std::int64_t& axis : axes) {
    MAITRED_ASSIGN(const std::size_t one, normalised_axis(axis, rank));
    axis = static_cast<std::int64_t>(one);
  }
  std::sort(axes.begin(), axes.end());
  for (std::int64_t axis : axes) {
    if (axis > static_cast<std::int64_t>(shape.size())) return model_invalid("its axes have a gap");
    shape.insert(shape.begin() + axis, 1);
  }
  return import_reshape(importer, node, shape, false);
}

Status import_upsample(Importer& importer, const ParsedNode& node, double scale_height,
                       double scale_width) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  const bool whole = scale_height >= 1 && scale_width >= 1 && scale_height <= 64 &&
                     scale_width <= 64 && std::floor(scale_height) == scale_height &&
                     std::floor(scale_width) == scale_width;
  if (!whole) return model_unsupported("only enlargement by whole numbers is supported");
  return importer.emit(
      node,
      Upsample{{static_cast<std::int64_t>(scale_height), static_cast<std::int64_t>(scale_width)},
               {}},
      {value});
}

Status import_linear(Importer& importer, const ParsedNode& node, const Tensor& weights,
                     bool transposed, std::vector<float> bias) {
  MAITRED_ASSIGN(NodeId value, importer.value(node, 0));
  const Shape shape = importer.shape(value);
  if (weights.shape.size() != 2 || shape.size() < 2) {
    return model_unsupported("a product of shapes " + to_text(shape) + " and " +
                             to_text(weights.shape));
  }
  const auto out = static_cast<std::size_t>(weights.shape[transposed ? 0 : 1]);
  const auto in = static_cast<std::size_t>(weights.shape[transposed ? 1 : 0]);
  if (shape.back() != static_cast<std::int64_t>(in)) {
    return model_invalid("a product of shapes " + to_text(shape) + " and " +
                         to_text(weights.shape));
  }
  Linear linear{.out_features = static_cast<std::int64_t>(out)};
  linear.weights.resize(in * out);
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t i = 0; i < in; ++i) {
      linear.weights[o * in + i] = weights.floats[transposed ? o * in + i : i * out + o];
    }
  }
  if (bias.size() == 1) bias.assign(out, bias[0]);
  if (bias.empty()) bias.assign(out, 0.0F);
  linear.bias = std::move(bias);
  if (shape.size() > 2) {
    const std::int64_t rows = checked_count(shape) / shape.back();
    MAITRED_ASSIGN(value, importer.append(node, Reshape{{rows, shape.back()}}, {value}));
  }
  MAITRED_ASSIGN(NodeId product, importer.append(node, std::move(linear), {value}));
  if (shape.size() > 2) {
    Shape full = shape;
    full.back() = static_cast<std::int64_t>(out);
    MAITRED_ASSIGN(product, importer.append(node, Reshape{std::move(full)}, {product}));
  }
  return importer.define(node, product);
}

Result<std::size_t> normalised_axis(std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    return model_invalid("axis " + std::to_string(axis) + " is not one of " + std::to_string(rank) +
                         " dimensions");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

void apply_auto_pad(AutoPad mode, const Shape& input, Window& window) {
  if (mode == AutoPad::kExplicit || input.size() != 4) return;
  window.pads_begin = window.pads_end = {0, 0};
  if (mode == AutoPad::kValid) return;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t stride = std::max<std::int64_t>(window.strides[axis], 1);
    const std::int64_t length = input[2 + axis];
    const std::int64_t extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    const std::int64_t total =
        std::max<std::int64_t>(((length - 1) / stride) * stride + extent - length, 0);
    const std::int64_t smaller = total / 2;
    window.pads_begin[axis] = mode == AutoPad::kSameUpper ? smaller : total - smaller;
    window.pads_end[axis] = total - window.pads_begin[axis];
  }
}

void apply_ceil_mode(const Shape& input, Window& window) {
  if (input.size() != 4) return;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t stride = std::max<std::int64_t>(window.strides[axis], 1);
    const std::int64_t room = input[2 + axis] + window.pads_begin[axis] + window.pads_end[axis] -
                              window.dilations[axis] * (window.kernel[axis] - 1) - 1;
    if (room < 0 || room % stride == 0) continue;
    // The last window must start inside the input or its padding at the beginning.
    const std::int64_t last_start = (room / stride + 1) * stride;
    if (last_start >= input[2 + axis] + window.pads_begin[axis]) continue;
    window.pads_end[axis] += stride - room % stride;
  }
}

}  // namespace maitred::inference
