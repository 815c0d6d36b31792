#include "onednn_writer.h"

#include <algorithm>
#include <optional>

#include "onednn_algorithms.h"
#include "src/eye/inference/kernels/few_pixels_step.h"
#include "src/eye/inference/kernels/pointwise_step.h"
#include "src/eye/inference/kernels/separable_step.h"

namespace maitred::inference {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;
using ValueId = OneDnnProgram::ValueId;
using Layout = OneDnnProgram::Layout;
using Arguments = std::vector<OneDnnProgram::Argument>;

memory::dims dims(const std::array<std::int64_t, 2>& pair) { return {pair[0], pair[1]}; }

Layout any_layout(const Shape& shape) {
  return {shape, memory::data_type::f32, memory::format_tag::any};
}

// [image][row][column][channel]
Layout by_pixel(const Shape& shape) {
  return {shape, memory::data_type::f32, memory::format_tag::acdb};
}

// [1, channels, 1, ...]
Shape channel_shape(const Shape& shape) {
  Shape result(shape.size(), 1);
  if (shape.size() > 1) result[1] = shape[1];
  return result;
}

class Writer {
 public:
  Writer(const Graph& graph, Precision precision, OneDnnProgram& program)
      : graph_(graph), precision_(precision), program_(program) {}

  OneDnnEnds write() {
    const std::vector<std::size_t> uses = graph_.use_counts();
    values_.resize(graph_.nodes().size());
    for (NodeId id = 0; id < graph_.nodes().size(); ++id) {
      node_ = &graph_.node(id);
      for (NodeId input : node_->inputs) program_.note_read(values_[input]);
      values_[id] = std::visit([&](const auto& op) { return write(op); }, node_->operation);
      program_.expect_reads(values_[id], uses[id]);
    }
    OneDnnEnds ends{.input = values_[graph_.input()], .precision = used_};
    for (const GraphOutput& output : graph_.outputs()) {
      const Layout dense = dense_layout(graph_.node(output.node).shape);
      const ValueId value = program_.in_layout(values_[output.node], dense);
      program_.keep(value);
      ends.outputs.push_back(value);
    }
    return ends;
  }

 private:
  ValueId input(std::size_t index) const { return values_[node_->inputs[index]]; }
  const Shape& input_shape(std::size_t index) const {
    return graph_.node(node_->inputs[index]).shape;
  }

  ValueId write(const InputNode&) {
    const ValueId value = program_.add_value(dense_layout(node_->shape));
    program_.keep(value);
    return value;
  }

  ValueId write(const ConstantNode& constant) {
    return constant_of(node_->shape, constant.values, dense_layout(node_->shape));
  }

  ValueId constant_of(const Shape& shape, const std::vector<float>& values, const Layout& wanted) {
    return program_.add_constant(dense_layout(shape), values.data(), wanted);
  }

  // The attributes of a primitive with its post-ops. Extra arguments go to `arguments`.
  dnnl::primitive_attr attributes(const std::vector<PostOp>& post_ops, bool sum_in_place,
                                  Arguments& arguments) {
    dnnl::post_ops ops;
    for (const PostOp& post_op : post_ops) {
      const int at = DNNL_ARG_ATTR_MULTIPLE_POST_OP(ops.len());
      if (const auto* activation = std::get_if<Activation>(&post_op)) {
        const Eltwise eltwise = eltwise_of(*activation);
        ops.append_eltwise(1.0F, eltwise.kind, eltwise.alpha, eltwise.beta);
      } else if (const auto* add = std::get_if<AddInput>(&post_op)) {
        if (sum_in_place) {
          ops.append_sum();
        } else {
          ops.append_binary(algorithm::binary_add, program_.layout(input(add->input)));
          arguments.push_back({at | DNNL_ARG_SRC_1, input(add->input)});
        }
      }
    }
    dnnl::primitive_attr attr;
    attr.set_post_ops(ops);
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
  }

  dnnl::primitive_attr plain_attributes() {
    Arguments none;
    return attributes({}, false, none);
  }

  // The input that is added, when nobody else needs it and it is not read for anything else here:
  // then the sum is done in its place.
  std::optional<ValueId> sum_target(const std::vector<PostOp>& post_ops, std::size_t own_inputs) {
    for (const PostOp& post_op : post_ops) {
      const auto* add = std::get_if<AddInput>(&post_op);
      if (add == nullptr) continue;
      const ValueId value = input(add->input);
      for (std::size_t i = 0; i < own_inputs; ++i) {
        if (program_.same_storage(value, input(i))) return std::nullopt;
      }
      if (program_.overwritable(value)) return value;
    }
    return std::nullopt;
  }

  ValueId destination(const Layout& layout, std::optional<ValueId> sum_into) {
    if (!sum_into) return program_.add_value(layout);
    return program_.add_view(program_.in_layout(*sum_into, layout), layout);
  }

  ValueId write(const Convolution& conv) {
    const Window& window = conv.window;
    const Shape& shape = input_shape(0);
    if (auto own = own_step(conv)) return write_own(conv, std::move(own));
    Shape weights_shape = {conv.out_channels, shape[1] / conv.groups, window.kernel[0],
                           window.kernel[1]};
    if (conv.groups > 1) {
      weights_shape[0] /= conv.groups;
      weights_shape.insert(weights_shape.begin(), conv.groups);
    }
    const Shape bias_shape = {conv.out_channels};
    Arguments arguments;
    const std::optional<ValueId> sum = sum_target(conv.post_ops, 1);
    const dnnl::primitive_attr attr = attributes(conv.post_ops, sum.has_value(), arguments);
    const auto planned = [&](algorithm kind) {
      const dnnl::convolution_forward::desc desc(
          prop_kind::forward_inference, kind, any_layout(shape), any_layout(weights_shape),
          any_layout(bias_shape), any_layout(node_->shape), dims(window.strides),
          {window.dilations[0] - 1, window.dilations[1] - 1}, dims(window.pads_begin),
          dims(window.pads_end));
      // Empty where oneDNN has no such kernel for this processor.
      return dnnl::convolution_forward::primitive_desc(desc, attr, program_.engine(), true);
    };
    dnnl::convolution_forward::primitive_desc pd;
    if (gains_by_winograd(conv, node_->shape)) pd = planned(algorithm::convolution_winograd);
    if (!pd) pd = planned(algorithm::convolution_direct);
    if (!pd) throw dnnl::error(dnnl_unimplemented, "a convolution of this kind");
    return add_weighted<dnnl::convolution_forward>(pd, weights_shape, conv.weights, conv.bias, sum,
                                                   std::move(arguments));
  }

  // The step of this module that is quicker than oneDNN's, if there is one.
  std::unique_ptr<NativeStep> own_step(const Convolution& conv) {
    const Shape& shape = input_shape(0);
    if (FewPixelsStep::gains(conv, shape, node_->shape)) {
      return std::make_unique<FewPixelsStep>(conv, shape, node_->shape);
    }
    if (precision_ == Precision::kFloat || !PointwiseStep::gains(conv, shape, node_->shape)) {
      return nullptr;
    }
    used_ = Precision::kInt8;
    return std::make_unique<PointwiseStep>(conv, node_->shape);
  }

  ValueId write_own(const Convolution& conv, std::unique_ptr<NativeStep> step) {
    const ValueId result = program_.add_value(by_pixel(node_->shape));
    std::vector<ValueId> arguments = {program_.in_layout(input(0), by_pixel(input_shape(0))),
                                      result};
    for (const PostOp& post_op : conv.post_ops) {
      if (const auto* add = std::get_if<AddInput>(&post_op)) {
        arguments.push_back(program_.in_layout(input(add->input), by_pixel(node_->shape)));
      }
    }
    program_.add_native(std::move(step), arguments, {});
    return result;
  }

  // A primitive with weights and bias.
  template <class Primitive>
  ValueId add_weighted(const typename Primitive::primitive_desc& pd, const Shape& weights_shape,
                       const std::vector<float>& weights, const std::vector<float>& bias,
                       std::optional<ValueId> sum, Arguments arguments) {
    const Shape bias_shape = {static_cast<std::int64_t>(bias.size())};
    arguments.push_back({DNNL_ARG_SRC, program_.in_layout(input(0), pd.src_desc())});
    arguments.push_back({DNNL_ARG_WEIGHTS, constant_of(weights_shape, weights, pd.weights_desc())});
    arguments.push_back({DNNL_ARG_BIAS, constant_of(bias_shape, bias, pd.bias_desc())});
    const ValueId result = destination(pd.dst_desc(), sum);
    arguments.push_back({DNNL_ARG_DST, result});
    program_.add_step(Primitive(pd), std::move(arguments), pd.scratchpad_desc());
    return result;
  }

  ValueId write(const Linear& linear) {
    const Shape weights_shape = {linear.out_features, input_shape(0)[1]};
    const Shape bias_shape = {linear.out_features};
    const dnnl::inner_product_forward::desc desc(
        prop_kind::forward_inference, any_layout(input_shape(0)), any_layout(weights_shape),
        any_layout(bias_shape), any_layout(node_->shape));
    Arguments arguments;
    const std::optional<ValueId> sum = sum_target(linear.post_ops, 1);
    const dnnl::primitive_attr attr = attributes(linear.post_ops, sum.has_value(), arguments);
    const dnnl::inner_product_forward::primitive_desc pd(desc, attr, program_.engine());
    return add_weighted<dnnl::inner_product_forward>(pd, weights_shape, linear.weights, linear.bias,
                                                     sum, std::move(arguments));
  }

  ValueId write(const Binary& binary) {
    // One layout for both sides: mixed ones fall to oneDNN's reference code.
    ValueId second = input(1);
    if (node_->inputs.size() > 1 && input_shape(1) == node_->shape) {
      second = program_.in_layout(second, program_.layout(input(0)));
    }
    Arguments arguments;
    const std::optional<ValueId> sum = sum_target(binary.post_ops, 2);
    const dnnl::primitive_attr attr = attributes(binary.post_ops, sum.has_value(), arguments);
    const Layout& first = program_.layout(input(0));
    const dnnl::binary::desc desc(binary_of(binary.kind), first, program_.layout(second), first);
    const dnnl::binary::primitive_desc pd(desc, attr, program_.engine());
    arguments.push_back({DNNL_ARG_SRC_0, input(0)});
    arguments.push_back({DNNL_ARG_SRC_1, second});
    const ValueId result = destination(pd.dst_desc(), sum);
    arguments.push_back({DNNL_ARG_DST, result});
    program_.add_step(dnnl::binary(pd), arguments, pd.scratchpad_desc());
    return result;
  }

  ValueId write(const ScaleShift& affine) {
    const Layout layout = program_.layout(input(0));
    const Shape shape = channel_shape(node_->shape);
    const Layout channels = dense_layout(shape);
    dnnl::post_ops ops;
    ops.append_binary(algorithm::binary_add, channels);
    dnnl::primitive_attr attr = plain_attributes();
    attr.set_post_ops(ops);
    const dnnl::binary::desc desc(algorithm::binary_mul, layout, channels, layout);
    const dnnl::binary::primitive_desc pd(desc, attr, program_.engine());
    const ValueId result = in_place(input(0));
    program_.add_step(dnnl::binary(pd),
                      {{DNNL_ARG_SRC_0, input(0)},
                       {DNNL_ARG_SRC_1, constant_of(shape, affine.scale, channels)},
                       {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                        constant_of(shape, affine.shift, channels)},
                       {DNNL_ARG_DST, result}},
                      pd.scratchpad_desc());
    return result;
  }

  ValueId write(const Activation& activation) {
    const Eltwise eltwise = eltwise_of(activation);
    const Layout layout = program_.layout(input(0));
    const dnnl::eltwise_forward::desc desc(prop_kind::forward_inference, eltwise.kind, layout,
                                           eltwise.alpha, eltwise.beta);
    const dnnl::eltwise_forward::primitive_desc pd(desc, plain_attributes(), program_.engine());
    const ValueId result = in_place(input(0));
    program_.add_step(dnnl::eltwise_forward(pd), {{DNNL_ARG_SRC, input(0)}, {DNNL_ARG_DST, result}},
                      pd.scratchpad_desc());
    return result;
  }

  ValueId write(const PRelu& prelu) {
    const Layout layout = program_.layout(input(0));
    const Shape shape = channel_shape(node_->shape);
    const dnnl::prelu_forward::desc desc(prop_kind::forward_inference, layout, any_layout(shape));
    const dnnl::prelu_forward::primitive_desc pd(desc, plain_attributes(), program_.engine());
    const ValueId result = program_.add_value(layout);
    program_.add_step(dnnl::prelu_forward(pd),
                      {{DNNL_ARG_SRC, input(0)},
                       {DNNL_ARG_WEIGHTS, constant_of(shape, prelu.slopes, pd.weights_desc())},
                       {DNNL_ARG_DST, result}},
                      pd.scratchpad_desc());
    return result;
  }

  ValueId write(const Pool& pool) {
    const algorithm kind = pool.kind == PoolKind::kMaximum ? algorithm::pooling_max
                           : pool.kind == PoolKind::kAverage
                               ? algorithm::pooling_avg_exclude_padding
                               : algorithm::pooling_avg_include_padding;
    const Window& window = pool.window;
    const dnnl::pooling_v2_forward::desc desc(prop_kind::forward_inference, kind,
                                              program_.layout(input(0)), any_layout(node_->shape),
                                              dims(window.strides), dims(window.kernel),
                                              {window.dilations[0] - 1, window.dilations[1] - 1},
                                              dims(window.pads_begin), dims(window.pads_end));
    const dnnl::pooling_v2_forward::primitive_desc pd(desc, plain_attributes(), program_.engine());
    return add_unary(dnnl::pooling_v2_forward(pd), input(0), pd.dst_desc(), pd.scratchpad_desc());
  }

  ValueId write(const Upsample& upsample) {
    const dnnl::resampling_forward::desc desc(
        prop_kind::forward_inference, algorithm::resampling_nearest,
        {static_cast<float>(upsample.factors[0]), static_cast<float>(upsample.factors[1])},
        program_.layout(input(0)), any_layout(node_->shape));
    Arguments arguments;
    const std::optional<ValueId> sum = sum_target(upsample.post_ops, 1);
    const dnnl::primitive_attr attr = attributes(upsample.post_ops, sum.has_value(), arguments);
    const dnnl::resampling_forward::primitive_desc pd(desc, attr, program_.engine());
    const ValueId result = destination(pd.dst_desc(), sum);
    arguments.push_back({DNNL_ARG_SRC, input(0)});
    arguments.push_back({DNNL_ARG_DST, result});
    program_.add_step(dnnl::resampling_forward(pd), arguments, pd.scratchpad_desc());
    return result;
  }

  // A copy into a layout whose strides are those of the transposed, dense result.
  ValueId write(const Transpose& transpose) {
    const Layout dense = dense_layout(node_->shape);
    const Shape& from = input_shape(0);
    memory::dims strides(from.size());
    memory::dim stride = 1;
    for (std::size_t i = from.size(); i-- > 0;) {
      strides[transpose.order[i]] = stride;
      stride *= node_->shape[i];
    }
    const Layout wanted(from, memory::data_type::f32, strides);
    return program_.add_view(program_.in_layout(input(0), wanted), dense);
  }

  ValueId write(const Reshape&) {
    const ValueId dense = program_.in_layout(input(0), dense_layout(input_shape(0)));
    return program_.add_view(dense, dense_layout(node_->shape));
  }

  ValueId write(const Concatenate& concatenate) {
    std::vector<Layout> layouts;
    Arguments arguments;
    for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
      layouts.push_back(program_.layout(input(i)));
      arguments.push_back({DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), input(i)});
    }
    const dnnl::concat::primitive_desc pd(static_cast<int>(concatenate.axis), layouts,
                                          program_.engine(), plain_attributes());
    const ValueId result = program_.add_value(pd.dst_desc());
    arguments.push_back({DNNL_ARG_DST, result});
    program_.add_step(dnnl::concat(pd), arguments, pd.scratchpad_desc());
    return result;
  }

  ValueId write(const Softmax& softmax) {
    const Layout dense = dense_layout(node_->shape);
    const dnnl::softmax_forward::desc desc(prop_kind::forward_inference, dense,
                                           static_cast<int>(softmax.axis));
    const dnnl::softmax_forward::primitive_desc pd(desc, plain_attributes(), program_.engine());
    return add_unary(dnnl::softmax_forward(pd), program_.in_layout(input(0), dense), dense,
                     pd.scratchpad_desc());
  }

  // A copy of its own: what follows wants it dense.
  ValueId write(const Slice& slice) {
    const memory::dims begin{0, slice.begin, 0, 0};
    const Layout part = program_.layout(input(0)).submemory_desc(node_->shape, begin, true);
    if (!part) throw dnnl::error(dnnl_unimplemented, "a slice of this layout");
    const Layout dense(node_->shape, memory::data_type::f32, memory::format_tag::acdb);
    return program_.in_layout(program_.add_view(input(0), part), dense);
  }

  ValueId write(const Separable& separable) {
    Arguments none;
    auto step = std::make_unique<SeparableStep>(
        separable, input_shape(0), program_.engine(),
        attributes(separable.pointwise.post_ops, false, none), precision_);
    if (step->in_int8()) used_ = Precision::kInt8;
    const Convolution& first = separable.pointwise;
    const Convolution& second = separable.depthwise;
    const Shape bias_shape = {first.out_channels};
    // From [channel][tap] to [tap][channel].
    const Shape taps_shape = {9, second.out_channels};
    const Layout by_channel(taps_shape, memory::data_type::f32, memory::dims{1, 9});
    const ValueId result = program_.add_value(by_pixel(node_->shape));
    const ValueId buffer =
        program_.add_value(dense_layout({static_cast<std::int64_t>(step->buffer_floats())}));
    const Layout source = separable.stem ? dense_layout(input_shape(0)) : by_pixel(input_shape(0));
    const std::int64_t inputs = separable.stem ? separable.stem->out_channels : input_shape(0)[1];
    std::vector<ValueId> arguments = {
        program_.in_layout(input(0), source),
        result,
        buffer,
        constant_of({first.out_channels, inputs, 1, 1}, first.weights, step->weights_layout()),
        constant_of(bias_shape, first.bias, dense_layout(bias_shape)),
        program_.add_constant(by_channel, second.weights.data(), dense_layout(taps_shape)),
        constant_of(bias_shape, second.bias, dense_layout(bias_shape))};
    if (separable.stem) {
      const Convolution& stem = *separable.stem;
      const std::int64_t taps = static_cast<std::int64_t>(stem.weights.size()) / stem.out_channels;
      const Layout by_output({taps, stem.out_channels}, memory::data_type::f32,
                             memory::dims{1, taps});
      arguments.push_back(program_.add_constant(by_output, stem.weights.data(),
                                                dense_layout({taps, stem.out_channels})));
      arguments.push_back(
          constant_of({stem.out_channels}, stem.bias, dense_layout({stem.out_channels})));
    }
    const Layout scratchpad = step->scratchpad_layout();
    program_.add_native(std::move(step), arguments, scratchpad);
    return result;
  }

  // Where an elementwise step on `source` may write: over it, when nobody reads it any more.
  ValueId in_place(ValueId source) {
    const Layout layout = program_.layout(source);
    return program_.overwritable(source) ? program_.add_view(source, layout)
                                         : program_.add_value(layout);
  }

  ValueId add_unary(const dnnl::primitive& primitive, ValueId source, const Layout& layout,
                    const Layout& scratchpad) {
    const ValueId result = program_.add_value(layout);
    program_.add_step(primitive, {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, result}}, scratchpad);
    return result;
  }

  const Graph& graph_;
  const Precision precision_;
  Precision used_ = Precision::kFloat;
  OneDnnProgram& program_;
  std::vector<ValueId> values_;
  const Node* node_ = nullptr;
};

}  // namespace

OneDnnEnds write_program(const Graph& graph, Precision precision, OneDnnProgram& program) {
  return Writer(graph, precision, program).write();
}

}  // namespace maitred::inference
