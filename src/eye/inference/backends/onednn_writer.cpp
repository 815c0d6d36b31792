#include "onednn_writer.h"

#include <algorithm>
#include <optional>

#include "onednn_algorithms.h"
#include "onednn_convolutions.h"

namespace maitred::inference {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

// [1, channels, 1, ...]
Shape channel_shape(const Shape& shape) {
  Shape result(shape.size(), 1);
  if (shape.size() > 1) result[1] = shape[1];
  return result;
}

class Writer : private OneDnnConvolutionWriter {
 public:
  Writer(const Graph& graph, Precision precision, OneDnnProgram& program)
      : OneDnnConvolutionWriter(graph, precision, program) {}

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
  using OneDnnConvolutionWriter::write;

  ValueId write(const InputNode&) {
    const ValueId value = program_.add_value(dense_layout(node_->shape));
    program_.keep(value);
    return value;
  }

  ValueId write(const ConstantNode& constant) {
    return constant_of(node_->shape, constant.values, dense_layout(node_->shape));
  }

  ValueId write(const Binary& binary) {
    // Both sides get one layout: oneDNN has only reference code for mixed layouts.
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

  // Copies into a layout whose strides are those of the transposed, dense result.
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

  // Copies the part, because the operations that follow need it dense.
  ValueId write(const Slice& slice) {
    const memory::dims begin{0, slice.begin, 0, 0};
    const Layout part = program_.layout(input(0)).submemory_desc(node_->shape, begin, true);
    if (!part) throw dnnl::error(dnnl_unimplemented, "a slice of this layout");
    const Layout dense(node_->shape, memory::data_type::f32, memory::format_tag::acdb);
    return program_.in_layout(program_.add_view(input(0), part), dense);
  }
};

}  // namespace

OneDnnEnds write_program(const Graph& graph, Precision precision, OneDnnProgram& program) {
  return Writer(graph, precision, program).write();
}

}  // namespace maitred::inference
