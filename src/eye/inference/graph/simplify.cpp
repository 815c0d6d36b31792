#include <algorithm>
#include <unordered_map>

#include "passes.h"
#include "rewriter.h"

namespace maitred::inference {
namespace {

bool all_equal(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [&](float v) { return v == values[0]; });
}

bool all_zero(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
}

bool padded(const Window& window) {
  const std::array<std::int64_t, 2> none{0, 0};
  return window.pads_begin != none || window.pads_end != none;
}

// Weights as [rows, columns], one row for each output channel.
void scale_outputs(std::vector<float>& weights, std::vector<float>& bias,
                   const ScaleShift& affine) {
  const std::size_t columns = weights.size() / bias.size();
  for (std::size_t row = 0; row < bias.size(); ++row) {
    for (std::size_t i = 0; i < columns; ++i) weights[row * columns + i] *= affine.scale[row];
    bias[row] = bias[row] * affine.scale[row] + affine.shift[row];
  }
}

// Weights as [outputs, channels of the group, kernel].
void scale_inputs(std::vector<float>& weights, std::vector<float>& bias, std::size_t groups,
                  std::size_t kernel, const ScaleShift& affine) {
  const std::size_t outputs = bias.size();
  const std::size_t channels = weights.size() / outputs / kernel;
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t group = o / (outputs / groups);
    double shift = 0;
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t channel = group * channels + c;
      for (std::size_t k = 0; k < kernel; ++k) {
        float& weight = weights[(o * channels + c) * kernel + k];
        shift += static_cast<double>(weight) * affine.shift[channel];
        weight *= affine.scale[channel];
      }
    }
    bias[o] += static_cast<float>(shift);
  }
}

class Simplifier : public Rewriter {
 public:
  using Rewriter::Rewriter;

  Result<Graph> run() {
    for (NodeId id = 0; id < graph().nodes().size(); ++id) {
      if (live(id) && !done(id) && !absorbed_.contains(id)) {
        MAITRED_TRY(
            std::visit([&](const auto& op) { return visit(id, op); }, graph().node(id).operation));
      }
    }
    return finish();
  }

 private:
  template <class Other>
  Status visit(NodeId id, const Other&) {
    return copy(id);
  }

  Status visit(NodeId id, const Convolution& conv) {
    Convolution folded = conv;
    NodeId input = graph().node(id).inputs[0];
    if (const auto absorbed = absorbed_.find(input); absorbed != absorbed_.end()) {
      scale_inputs(folded.weights, folded.bias, static_cast<std::size_t>(folded.groups),
                   static_cast<std::size_t>(folded.window.kernel[0] * folded.window.kernel[1]),
                   absorbed->second.affine);
      input = absorbed->second.source;
    }
    return emit_weighted(id, std::move(folded), input);
  }

  Status visit(NodeId id, const Linear& linear) {
    Linear folded = linear;
    NodeId input = graph().node(id).inputs[0];
    if (const auto absorbed = absorbed_.find(input); absorbed != absorbed_.end()) {
      scale_inputs(folded.weights, folded.bias, 1, 1, absorbed->second.affine);
      input = absorbed->second.source;
    }
    return emit_weighted(id, std::move(folded), input);
  }

  // Folds the scales that follow into the weights.
  template <class Weighted>
  Status emit_weighted(NodeId id, Weighted weighted, NodeId input) {
    NodeId last = id;
    std::vector<NodeId> merged = {id};
    while (const auto next = sole_consumer(last)) {
      const auto* affine = std::get_if<ScaleShift>(&graph().node(*next).operation);
      if (affine == nullptr) break;
      scale_outputs(weighted.weights, weighted.bias, *affine);
      merged.push_back(*next);
      last = *next;
    }
    return emit(merged, id, std::move(weighted), input);
  }

  Status visit(NodeId id, const ScaleShift& first) {
    ScaleShift affine = first;
    const NodeId input = graph().node(id).inputs[0];
    std::vector<NodeId> merged = {id};
    while (const auto next = sole_consumer(merged.back())) {
      const auto* second = std::get_if<ScaleShift>(&graph().node(*next).operation);
      if (second == nullptr) break;
      for (std::size_t c = 0; c < affine.scale.size(); ++c) {
        affine.scale[c] *= second->scale[c];
        affine.shift[c] = affine.shift[c] * second->scale[c] + second->shift[c];
      }
      merged.push_back(*next);
    }
    if (can_absorb(sole_consumer(merged.back()), affine)) {
      for (NodeId one : merged) absorbed_[one] = {affine, input};
      return {};
    }
    if (!all_equal(affine.scale) || !all_equal(affine.shift)) {
      return emit(merged, id, std::move(affine), input);
    }
    if (affine.scale[0] == 1 && affine.shift[0] == 0) return alias(merged, input);
    return emit(merged, id, Activation{ActivationKind::kLinear, affine.scale[0], affine.shift[0]},
                input);
  }

  // The padding is zero after the shift, so a shift cannot be folded into a padded convolution.
  bool can_absorb(std::optional<NodeId> next, const ScaleShift& affine) const {
    if (!next) return false;
    const Operation& operation = graph().node(*next).operation;
    if (std::holds_alternative<Linear>(operation)) return true;
    const auto* conv = std::get_if<Convolution>(&operation);
    return conv != nullptr && (!padded(conv->window) || all_zero(affine.shift));
  }

  Status visit(NodeId id, const Reshape&) {
    const Node& node = graph().node(id);
    if (node.shape == graph().node(node.inputs[0]).shape) return alias({id}, node.inputs[0]);
    return hoist_activation(id);
  }

  Status visit(NodeId id, const Transpose& transpose) {
    if (std::is_sorted(transpose.order.begin(), transpose.order.end())) {
      return alias({id}, graph().node(id).inputs[0]);
    }
    return hoist_activation(id);
  }

  Status visit(NodeId id, const Upsample& upsample) {
    if (upsample.factors == std::array<std::int64_t, 2>{1, 1}) {
      return alias({id}, graph().node(id).inputs[0]);
    }
    return copy(id);
  }

  // Follows reshapes and transposes to an activation and moves it before them.
  Status hoist_activation(NodeId id) {
    std::vector<NodeId> movers = {id};
    std::optional<NodeId> next = sole_consumer(id);
    while (next && (std::holds_alternative<Reshape>(graph().node(*next).operation) ||
                    std::holds_alternative<Transpose>(graph().node(*next).operation))) {
      movers.push_back(*next);
      next = sole_consumer(*next);
    }
    if (!next || !std::holds_alternative<Activation>(graph().node(*next).operation)) {
      return copy(id);
    }
    const Node& activation = graph().node(*next);
    MAITRED_ASSIGN(NodeId value, builder().add(activation.name, activation.operation,
                                               {mapped(graph().node(id).inputs[0])}));
    for (NodeId mover : movers) {
      const Node& node = graph().node(mover);
      MAITRED_ASSIGN(value, builder().add(node.name, node.operation, {value}));
      map(mover, value);
    }
    map(*next, value);
    return {};
  }

  Status emit(const std::vector<NodeId>& merged, NodeId id, Operation operation, NodeId input) {
    MAITRED_ASSIGN(const NodeId added,
                   builder().add(graph().node(id).name, std::move(operation), {mapped(input)}));
    for (NodeId one : merged) map(one, added);
    return {};
  }

  Status alias(const std::vector<NodeId>& merged, NodeId input) {
    const NodeId value = mapped(input);
    for (NodeId one : merged) map(one, value);
    return {};
  }

  struct Absorbed {
    ScaleShift affine;
    NodeId source;
  };
  std::unordered_map<NodeId, Absorbed> absorbed_;
};

}  // namespace

Result<Graph> simplify(const Graph& graph) { return Simplifier(graph).run(); }

}  // namespace maitred::inference
