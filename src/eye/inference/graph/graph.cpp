#include "graph.h"

#include "maitred/base/check.h"

namespace maitred::inference {

std::vector<std::size_t> Graph::use_counts() const {
  std::vector<std::size_t> counts(nodes_.size(), 0);
  for (const Node& node : nodes_) {
    for (NodeId input : node.inputs) ++counts[input];
  }
  for (const GraphOutput& output : outputs_) ++counts[output.node];
  return counts;
}

namespace {

std::int64_t weight_count(const Operation& operation) {
  if (const auto* conv = std::get_if<Convolution>(&operation)) {
    return static_cast<std::int64_t>(conv->weights.size());
  }
  if (const auto* linear = std::get_if<Linear>(&operation)) {
    return static_cast<std::int64_t>(linear->weights.size());
  }
  if (const auto* separable = std::get_if<Separable>(&operation)) {
    const std::size_t stem = separable->stem ? separable->stem->weights.size() : 0;
    return static_cast<std::int64_t>(stem + separable->pointwise.weights.size() +
                                     separable->depthwise.weights.size());
  }
  return 0;
}

}  // namespace

Result<NodeId> GraphBuilder::append(Node node) {
  if (graph_.nodes_.size() >= kMaxNodes) {
    return model_invalid("more than " + std::to_string(kMaxNodes) + " nodes");
  }
  elements_ += checked_count(node.shape) + weight_count(node.operation);
  if (elements_ > kMaxGraphElements) {
    return model_invalid("the values of all nodes together are larger than the limit of " +
                         std::to_string(kMaxGraphElements) + " elements");
  }
  graph_.nodes_.push_back(std::move(node));
  return graph_.nodes_.size() - 1;
}

Result<NodeId> GraphBuilder::add_input(std::string name, const Shape& shape) {
  if (has_input_) return model_unsupported("a second input " + in_quotes(name));
  MAITRED_TRY(element_count(shape));
  has_input_ = true;
  MAITRED_ASSIGN(graph_.input_, append({std::move(name), InputNode{}, {}, shape}));
  return graph_.input_;
}

Result<NodeId> GraphBuilder::add_constant(std::string name, const Shape& shape,
                                          std::vector<float> values) {
  MAITRED_ASSIGN(const std::int64_t count, element_count(shape));
  if (static_cast<std::size_t>(count) != values.size()) {
    return model_invalid("constant " + in_quotes(name) + " does not have shape " + to_text(shape));
  }
  return append({std::move(name), ConstantNode{std::move(values)}, {}, shape});
}

Result<NodeId> GraphBuilder::add(std::string name, Operation operation,
                                 std::vector<NodeId> inputs) {
  std::vector<const Shape*> shapes;
  for (NodeId input : inputs) {
    MAITRED_CHECK(input < graph_.nodes_.size());
    shapes.push_back(&graph_.nodes_[input].shape);
  }
  Result<Shape> shape = infer_shape(operation, shapes);
  if (!shape) {
    return model_invalid("node " + in_quotes(name) + ": " + shape.error().message);
  }
  return append({std::move(name), std::move(operation), std::move(inputs), *std::move(shape)});
}

Result<Graph> GraphBuilder::build(std::vector<GraphOutput> outputs) && {
  if (!has_input_) return model_invalid("the network has no input");
  if (outputs.empty()) return model_invalid("the network has no output");
  for (const GraphOutput& output : outputs) MAITRED_CHECK(output.node < graph_.nodes_.size());
  graph_.outputs_ = std::move(outputs);
  return std::move(graph_);
}

}  // namespace maitred::inference
