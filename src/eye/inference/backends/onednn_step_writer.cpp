#include "onednn_step_writer.h"

#include "onednn_algorithms.h"

namespace maitred::inference {

OneDnnProgram::ValueId OneDnnStepWriter::constant_of(const Shape& shape,
                                                     const std::vector<float>& values,
                                                     const Layout& wanted) {
  return program_.add_constant(dense_layout(shape), values.data(), wanted);
}

dnnl::primitive_attr OneDnnStepWriter::attributes(const std::vector<PostOp>& post_ops,
                                                  bool sum_in_place, Arguments& arguments) {
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
        ops.append_binary(dnnl::algorithm::binary_add, program_.layout(input(add->input)));
        arguments.push_back({at | DNNL_ARG_SRC_1, input(add->input)});
      }
    }
  }
  dnnl::primitive_attr attr;
  attr.set_post_ops(ops);
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

dnnl::primitive_attr OneDnnStepWriter::plain_attributes() {
  Arguments none;
  return attributes({}, false, none);
}

std::optional<OneDnnProgram::ValueId> OneDnnStepWriter::sum_target(
    const std::vector<PostOp>& post_ops, std::size_t own_inputs) {
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

OneDnnProgram::ValueId OneDnnStepWriter::destination(const Layout& layout,
                                                     std::optional<ValueId> sum_into) {
  if (!sum_into) return program_.add_value(layout);
  return program_.add_view(program_.in_layout(*sum_into, layout), layout);
}

OneDnnProgram::ValueId OneDnnStepWriter::in_place(ValueId source) {
  const Layout layout = program_.layout(source);
  return program_.overwritable(source) ? program_.add_view(source, layout)
                                       : program_.add_value(layout);
}

OneDnnProgram::ValueId OneDnnStepWriter::add_unary(const dnnl::primitive& primitive, ValueId source,
                                                   const Layout& layout, const Layout& scratchpad) {
  const ValueId result = program_.add_value(layout);
  program_.add_step(primitive, {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, result}}, scratchpad);
  return result;
}

}  // namespace maitred::inference
