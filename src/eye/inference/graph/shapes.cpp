// Checks the inputs of each operation and infers the shape of its result.
#include <algorithm>

#include "graph.h"

namespace maitred::inference {
namespace {

using Shapes = std::vector<const Shape*>;

Status expect(bool holds, const std::string& what) {
  if (!holds) return model_invalid(what);
  return {};
}

Status expect_inputs(const Shapes& inputs, std::size_t count) {
  return expect(inputs.size() == count,
                "takes " + std::to_string(count) + " inputs, has " + std::to_string(inputs.size()));
}

std::int64_t channels_of(const Shape& shape) { return shape.size() < 2 ? 1 : shape[1]; }

Status check_slopes(const PRelu& prelu, const Shape& shape) {
  return expect(
      static_cast<std::int64_t>(prelu.slopes.size()) == channels_of(shape),
      "has " + std::to_string(prelu.slopes.size()) + " slopes for shape " + to_text(shape));
}

Status check_post_ops(const std::vector<PostOp>& post_ops, const Shapes& inputs,
                      const Shape& output) {
  for (const PostOp& post_op : post_ops) {
    if (const auto* add = std::get_if<AddInput>(&post_op)) {
      MAITRED_TRY(expect(add->input < inputs.size() && *inputs[add->input] == output,
                         "adds an input of another shape"));
    }
  }
  return {};
}

std::size_t added_inputs(const std::vector<PostOp>& post_ops) {
  return static_cast<std::size_t>(std::count_if(
      post_ops.begin(), post_ops.end(),
      [](const PostOp& post_op) { return std::holds_alternative<AddInput>(post_op); }));
}

Result<Shape> windowed(const Shape& input, const Window& window, std::int64_t channels) {
  MAITRED_TRY(check_window(window));
  Shape shape = {input[0], channels, window_length(input[2], window, 0),
                 window_length(input[3], window, 1)};
  MAITRED_TRY(expect(shape[2] >= 1 && shape[3] >= 1,
                     "its kernel is larger than its input " + to_text(input)));
  return shape;
}

Result<Shape> infer(const Convolution& conv, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1 + added_inputs(conv.post_ops)));
  const Shape& input = *inputs[0];
  MAITRED_TRY(expect(input.size() == 4, "a convolution of shape " + to_text(input)));
  MAITRED_TRY(expect(conv.groups >= 1 && conv.out_channels >= 1 && input[1] % conv.groups == 0 &&
                         conv.out_channels % conv.groups == 0,
                     std::to_string(conv.groups) + " groups do not divide its channels"));
  MAITRED_ASSIGN(Shape shape, windowed(input, conv.window, conv.out_channels));
  MAITRED_ASSIGN(const std::int64_t count,
                 element_count({conv.out_channels, input[1] / conv.groups, conv.window.kernel[0],
                                conv.window.kernel[1]}));
  MAITRED_TRY(expect(static_cast<std::size_t>(count) == conv.weights.size() &&
                         static_cast<std::size_t>(conv.out_channels) == conv.bias.size(),
                     "its weights do not fit its input " + to_text(input)));
  MAITRED_TRY(check_post_ops(conv.post_ops, inputs, shape));
  return shape;
}

Result<Shape> infer(const Linear& linear, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1 + added_inputs(linear.post_ops)));
  const Shape& input = *inputs[0];
  MAITRED_TRY(expect(input.size() == 2, "a matrix product of shape " + to_text(input)));
  MAITRED_ASSIGN(const std::int64_t count, element_count({linear.out_features, input[1]}));
  MAITRED_TRY(expect(static_cast<std::size_t>(count) == linear.weights.size() &&
                         static_cast<std::size_t>(linear.out_features) == linear.bias.size(),
                     "its weights do not fit its input " + to_text(input)));
  Shape shape = {input[0], linear.out_features};
  MAITRED_TRY(check_post_ops(linear.post_ops, inputs, shape));
  return shape;
}

Result<Shape> infer(const ScaleShift& affine, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1));
  const auto channels = static_cast<std::size_t>(channels_of(*inputs[0]));
  MAITRED_TRY(expect(
      affine.scale.size() == channels && affine.shift.size() == channels,
      "has " + std::to_string(affine.scale.size()) + " scales for shape " + to_text(*inputs[0])));
  return *inputs[0];
}

Result<Shape> infer(const Activation&, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1));
  return *inputs[0];
}

Result<Shape> infer(const PRelu& prelu, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1));
  MAITRED_TRY(check_slopes(prelu, *inputs[0]));
  return *inputs[0];
}

Result<Shape> infer(const Binary& binary, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 2 + added_inputs(binary.post_ops)));
  const Shape& first = *inputs[0];
  const Shape& second = *inputs[1];
  bool fits = first.size() == second.size();
  for (std::size_t i = 0; fits && i < first.size(); ++i) {
    fits = second[i] == first[i] || second[i] == 1;
  }
  MAITRED_TRY(
      expect(fits, "shapes " + to_text(first) + " and " + to_text(second) + " do not match"));
  MAITRED_TRY(check_post_ops(binary.post_ops, inputs, first));
  return first;
}

Result<Shape> infer(const Pool& pool, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1));
  const Shape& input = *inputs[0];
  MAITRED_TRY(expect(input.size() == 4, "a pooling of shape " + to_text(input)));
  for (std::size_t axis = 0; axis < 2; ++axis) {
    MAITRED_TRY(expect(pool.window.pads_begin[axis] < pool.window.kernel[axis] &&
                           pool.window.pads_end[axis] < pool.window.kernel[axis],
                       "its padding is not smaller than its kernel"));
  }
  return windowed(input, pool.window, input[1]);
}

Result<Shape> infer(const Upsample& upsample, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1 + added_inputs(upsample.post_ops)));
  Shape shape = *inputs[0];
  MAITRED_TRY(expect(shape.size() == 4, "a resizing of shape " + to_text(shape)));
  for (std::size_t axis = 0; axis < 2; ++axis) {
    MAITRED_TRY(expect(upsample.factors[axis] >= 1 && upsample.factors[axis] <= 64,
                       "its factors are out of range"));
    shape[2 + axis] *= upsample.factors[axis];
  }
  MAITRED_TRY(check_post_ops(upsample.post_ops, inputs, shape));
  return shape;
}

Result<Shape> infer(const Transpose& transpose, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1));
  std::vector<std::size_t> sorted = transpose.order;
  std::sort(sorted.begin(), sorted.end());
  bool fits = sorted.size() == inputs[0]->size();
  for (std::size_t i = 0; fits && i < sorted.size(); ++i) fits = sorted[i] == i;
  MAITRED_TRY(expect(fits, "its order is not one of the axes of " + to_text(*inputs[0])));
  Shape shape;
  for (std::size_t axis : transpose.order) shape.push_back((*inputs[0])[axis]);
  return shape;
}

Result<Shape> infer(const Reshape& reshape, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1));
  MAITRED_ASSIGN(const std::int64_t count, element_count(reshape.shape));
  MAITRED_TRY(expect(count == checked_count(*inputs[0]) && !reshape.shape.empty(),
                     "shape " + to_text(*inputs[0]) + " cannot become " + to_text(reshape.shape)));
  return reshape.shape;
}

Result<Shape> infer(const Concatenate& concatenate, const Shapes& inputs) {
  MAITRED_TRY(expect(!inputs.empty() && concatenate.axis < inputs[0]->size(),
                     "concatenates nothing, or its axis is out of range"));
  Shape shape = *inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    bool fits = inputs[i]->size() == shape.size();
    for (std::size_t axis = 0; fits && axis < shape.size(); ++axis) {
      fits = axis == concatenate.axis || (*inputs[i])[axis] == shape[axis];
    }
    MAITRED_TRY(
        expect(fits, "cannot concatenate " + to_text(shape) + " and " + to_text(*inputs[i])));
    shape[concatenate.axis] += (*inputs[i])[concatenate.axis];
  }
  return shape;
}

Result<Shape> infer(const Softmax& softmax, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1));
  MAITRED_TRY(expect(softmax.axis < inputs[0]->size(), "its axis is out of range"));
  return *inputs[0];
}

Result<Shape> infer(const Slice& slice, const Shapes& inputs) {
  MAITRED_TRY(expect_inputs(inputs, 1));
  Shape shape = *inputs[0];
  MAITRED_TRY(expect(shape.size() >= 2 && slice.begin >= 0 && slice.count >= 1 &&
                         slice.begin + slice.count <= shape[1],
                     "its channels are not in " + to_text(shape)));
  shape[1] = slice.count;
  return shape;
}

Result<Shape> infer(const Separable& separable, const Shapes& inputs) {
  Shape wide;
  Shapes below = inputs;
  if (separable.stem) {
    MAITRED_ASSIGN(wide, infer(*separable.stem, inputs));
    below = {&wide};
  }
  MAITRED_ASSIGN(const Shape between, infer(separable.pointwise, below));
  MAITRED_ASSIGN(Shape shape, infer(separable.depthwise, {&between}));
  if (separable.halved) {
    MAITRED_TRY(expect(shape[2] % 2 == 0 && shape[3] % 2 == 0, "its sides are odd"));
    shape[2] /= 2;
    shape[3] /= 2;
  }
  return shape;
}

// Only GraphBuilder's own functions make these.
Result<Shape> infer(const InputNode&, const Shapes&) { return model_invalid("is an input"); }
Result<Shape> infer(const ConstantNode&, const Shapes&) { return model_invalid("is a constant"); }

}  // namespace

Status check_window(const Window& window) {
  constexpr std::int64_t kLongest = 4096;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    MAITRED_TRY(expect(window.kernel[axis] >= 1 && window.kernel[axis] <= kLongest &&
                           window.strides[axis] >= 1 && window.strides[axis] <= kLongest &&
                           window.dilations[axis] >= 1 && window.dilations[axis] <= kLongest &&
                           window.pads_begin[axis] >= 0 && window.pads_begin[axis] <= kLongest &&
                           window.pads_end[axis] >= 0 && window.pads_end[axis] <= kLongest,
                       "its kernel, strides, dilations or pads are out of range"));
  }
  return {};
}

std::int64_t window_length(std::int64_t length, const Window& window, std::size_t axis) {
  const std::int64_t extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
  const std::int64_t room = length + window.pads_begin[axis] + window.pads_end[axis] - extent;
  return room < 0 ? 0 : room / window.strides[axis] + 1;
}

Result<Shape> infer_shape(const Operation& operation, const Shapes& inputs) {
  Result<Shape> shape =
      std::visit([&](const auto& specific) { return infer(specific, inputs); }, operation);
  if (shape) MAITRED_TRY(element_count(*shape));
  return shape;
}

}  // namespace maitred::inference
