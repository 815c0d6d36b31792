// The base of the classes that write the steps of a oneDNN program. Private to this folder.
#pragma once

#include <optional>
#include <vector>

#include "maitred/eye/inference/network.h"
#include "onednn_program.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

inline dnnl::memory::dims dims(const std::array<std::int64_t, 2>& pair) {
  return {pair[0], pair[1]};
}

inline OneDnnProgram::Layout any_layout(const Shape& shape) {
  return {shape, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any};
}

// [image][row][column][channel]
inline OneDnnProgram::Layout by_pixel(const Shape& shape) {
  return {shape, dnnl::memory::data_type::f32, dnnl::memory::format_tag::acdb};
}

// Writes the step of one node at a time. `graph` and `program` must outlive it.
class OneDnnStepWriter {
 protected:
  using ValueId = OneDnnProgram::ValueId;
  using Layout = OneDnnProgram::Layout;
  using Arguments = std::vector<OneDnnProgram::Argument>;

  OneDnnStepWriter(const Graph& graph, Precision precision, OneDnnProgram& program)
      : graph_(graph), precision_(precision), program_(program) {}

  ValueId input(std::size_t index) const { return values_[node_->inputs[index]]; }
  const Shape& input_shape(std::size_t index) const {
    return graph_.node(node_->inputs[index]).shape;
  }
  // Adds a constant in the layout that a primitive wants.
  ValueId constant_of(const Shape& shape, const std::vector<float>& values, const Layout& wanted);
  // Returns the attributes of a primitive with its post-ops and appends their inputs to
  // `arguments`.
  dnnl::primitive_attr attributes(const std::vector<PostOp>& post_ops, bool sum_in_place,
                                  Arguments& arguments);
  dnnl::primitive_attr plain_attributes();
  // Returns the added input if the sum may overwrite it: no later step reads it, and this step
  // reads it for nothing else.
  std::optional<ValueId> sum_target(const std::vector<PostOp>& post_ops, std::size_t own_inputs);
  // Returns the place of a result: that of `sum_into`, or a new one.
  ValueId destination(const Layout& layout, std::optional<ValueId> sum_into);
  // Returns the place of an elementwise result: over `source` if no later step reads it.
  ValueId in_place(ValueId source);
  ValueId add_unary(const dnnl::primitive& primitive, ValueId source, const Layout& layout,
                    const Layout& scratchpad);

  const Graph& graph_;
  const Precision precision_;           // allowed
  Precision used_ = Precision::kFloat;  // kInt8 if at least one step is
  OneDnnProgram& program_;
  std::vector<ValueId> values_;  // by node
  const Node* node_ = nullptr;   // the one being written
};

}  // namespace maitred::inference
