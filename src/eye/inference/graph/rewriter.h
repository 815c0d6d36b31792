// The base of the passes: walks a graph in order and builds a new one.
#pragma once

#include <optional>
#include <vector>

#include "graph.h"
#include "maitred/base/check.h"

namespace maitred::inference {

class Rewriter {
 public:
  explicit Rewriter(const Graph& graph)
      : graph_(graph), mapped_(graph.nodes().size()), live_(graph.nodes().size(), false) {
    for (const GraphOutput& output : graph.outputs()) live_[output.node] = true;
    live_[graph.input()] = true;
    for (NodeId id = graph.nodes().size(); id-- > 0;) {
      if (!live_[id]) continue;
      for (NodeId input : graph.node(id).inputs) live_[input] = true;
    }
    consumers_.resize(graph.nodes().size());
    for (NodeId id = 0; id < graph.nodes().size(); ++id) {
      if (!live_[id]) continue;
      for (NodeId input : graph.node(id).inputs) consumers_[input].push_back(id);
    }
    for (const GraphOutput& output : graph.outputs()) consumers_[output.node].push_back(kOutside);
  }

 protected:
  // The only node that reads this node's value. Empty if there are several or the value is an
  // output.
  std::optional<NodeId> sole_consumer(NodeId id) const {
    if (consumers_[id].size() != 1 || consumers_[id][0] == kOutside) return std::nullopt;
    return consumers_[id][0];
  }
  bool live(NodeId id) const { return live_[id]; }
  bool done(NodeId id) const { return mapped_[id].has_value(); }
  NodeId mapped(NodeId id) const {
    MAITRED_CHECK(mapped_[id].has_value());
    return *mapped_[id];
  }
  void map(NodeId id, NodeId to) { mapped_[id] = to; }
  const Graph& graph() const { return graph_; }
  GraphBuilder& builder() { return builder_; }

  // Copies the node unchanged onto the values of the new graph.
  Status copy(NodeId id) {
    const Node& node = graph_.node(id);
    Result<NodeId> added = [&]() -> Result<NodeId> {
      if (std::holds_alternative<InputNode>(node.operation)) {
        return builder_.add_input(node.name, node.shape);
      }
      if (const auto* constant = std::get_if<ConstantNode>(&node.operation)) {
        return builder_.add_constant(node.name, node.shape, constant->values);
      }
      std::vector<NodeId> inputs;
      for (NodeId input : node.inputs) inputs.push_back(mapped(input));
      return builder_.add(node.name, node.operation, std::move(inputs));
    }();
    if (!added) return tl::unexpected(added.error());
    map(id, *added);
    return {};
  }

  Result<Graph> finish() {
    std::vector<GraphOutput> outputs;
    for (const GraphOutput& output : graph_.outputs()) {
      outputs.push_back({output.name, mapped(output.node)});
    }
    return std::move(builder_).build(std::move(outputs));
  }

 private:
  static constexpr NodeId kOutside = static_cast<NodeId>(-1);
  const Graph& graph_;
  GraphBuilder builder_;
  std::vector<std::optional<NodeId>> mapped_;
  std::vector<bool> live_;
  std::vector<std::vector<NodeId>> consumers_;
};

}  // namespace maitred::inference
