#include "onednn_convolutions.h"

#include "onednn_algorithms.h"
#include "src/eye/inference/kernels/few_pixels_step.h"
#include "src/eye/inference/kernels/pointwise_step.h"
#include "src/eye/inference/kernels/separable_step.h"

namespace maitred::inference {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

template <class Primitive>
OneDnnProgram::ValueId OneDnnConvolutionWriter::add_weighted(
    const typename Primitive::primitive_desc& pd, const Shape& weights_shape,
    const std::vector<float>& weights, const std::vector<float>& bias, std::optional<ValueId> sum,
    Arguments arguments) {
  const Shape bias_shape = {static_cast<std::int64_t>(bias.size())};
  arguments.push_back({DNNL_ARG_SRC, program_.in_layout(input(0), pd.src_desc())});
  arguments.push_back({DNNL_ARG_WEIGHTS, constant_of(weights_shape, weights, pd.weights_desc())});
  arguments.push_back({DNNL_ARG_BIAS, constant_of(bias_shape, bias, pd.bias_desc())});
  const ValueId result = destination(pd.dst_desc(), sum);
  arguments.push_back({DNNL_ARG_DST, result});
  program_.add_step(Primitive(pd), std::move(arguments), pd.scratchpad_desc());
  return result;
}

OneDnnProgram::ValueId OneDnnConvolutionWriter::write(const Convolution& conv) {
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
    // Empty if oneDNN has no such kernel for this processor.
    return dnnl::convolution_forward::primitive_desc(desc, attr, program_.engine(), true);
  };
  dnnl::convolution_forward::primitive_desc pd;
  if (gains_by_winograd(conv, node_->shape)) pd = planned(algorithm::convolution_winograd);
  if (!pd) pd = planned(algorithm::convolution_direct);
  if (!pd) throw dnnl::error(dnnl_unimplemented, "a convolution of this kind");
  return add_weighted<dnnl::convolution_forward>(pd, weights_shape, conv.weights, conv.bias, sum,
                                                 std::move(arguments));
}

std::unique_ptr<NativeStep> OneDnnConvolutionWriter::own_step(const Convolution& conv) {
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

OneDnnProgram::ValueId OneDnnConvolutionWriter::write_own(const Convolution& conv,
                                                          std::unique_ptr<NativeStep> step) {
  const ValueId result = program_.add_value(by_pixel(node_->shape));
  std::vector<ValueId> arguments = {program_.in_layout(input(0), by_pixel(input_shape(0))), result};
  for (const PostOp& post_op : conv.post_ops) {
    if (const auto* add = std::get_if<AddInput>(&post_op)) {
      arguments.push_back(program_.in_layout(input(add->input), by_pixel(node_->shape)));
    }
  }
  program_.add_native(std::move(step), arguments, {});
  return result;
}

OneDnnProgram::ValueId OneDnnConvolutionWriter::write(const Linear& linear) {
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

OneDnnProgram::ValueId OneDnnConvolutionWriter::write(const Separable& separable) {
  Arguments none;
  auto step = std::make_unique<SeparableStep>(separable, input_shape(0), program_.engine(),
                                              attributes(separable.pointwise.post_ops, false, none),
                                              precision_);
  if (step->in_int8()) used_ = Precision::kInt8;
  const Convolution& first = separable.pointwise;
  const Convolution& second = separable.depthwise;
  const Shape bias_shape = {first.out_channels};
  // Turns [channel][tap] into [tap][channel].
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

}  // namespace maitred::inference
