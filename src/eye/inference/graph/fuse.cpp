#include "passes.h"
#include "rewriter.h"

namespace maitred::inference {
namespace {

constexpr std::size_t kMaxPostOps = 4;

class Fuser : public Rewriter {
 public:
  using Rewriter::Rewriter;

  Result<Graph> run() {
    for (NodeId id = 0; id < graph().nodes().size(); ++id) {
      if (!live(id) || done(id)) continue;
      MAITRED_TRY(
          std::visit([&](const auto& op) { return visit(id, op); }, graph().node(id).operation));
    }
    return finish();
  }

 private:
  template <class Other>
  Status visit(NodeId id, const Other&) {
    return copy(id);
  }
  Status visit(NodeId id, const Convolution& conv) { return absorb(id, conv); }
  Status visit(NodeId id, const Linear& linear) { return absorb(id, linear); }
  Status visit(NodeId id, const Binary& binary) { return absorb(id, binary); }
  Status visit(NodeId id, const Upsample& upsample) { return absorb(id, upsample); }

  template <class Host>
  Status absorb(NodeId id, Host host) {
    std::vector<NodeId> inputs;
    for (NodeId input : graph().node(id).inputs) inputs.push_back(mapped(input));
    std::vector<NodeId> merged = {id};
    bool added = false;
    while (host.post_ops.size() < kMaxPostOps) {
      const auto next = sole_consumer(merged.back());
      if (!next) break;
      const Operation& operation = graph().node(*next).operation;
      if (const auto* activation = std::get_if<Activation>(&operation)) {
        host.post_ops.emplace_back(*activation);
      } else if (const auto other = addend(*next, merged.back()); other && !added) {
        host.post_ops.emplace_back(AddInput{inputs.size()});
        inputs.push_back(mapped(*other));
        added = true;
      } else {
        break;
      }
      merged.push_back(*next);
    }
    MAITRED_ASSIGN(const NodeId node,
                   builder().add(graph().node(id).name, std::move(host), std::move(inputs)));
    for (NodeId one : merged) map(one, node);
    return {};
  }

  // The other input of `sum`, if `sum` is a plain sum and that input is computed before `value`.
  std::optional<NodeId> addend(NodeId sum, NodeId value) const {
    const Node& node = graph().node(sum);
    const auto* binary = std::get_if<Binary>(&node.operation);
    if (binary == nullptr || binary->kind != BinaryKind::kAdd || node.inputs.size() != 2) {
      return std::nullopt;
    }
    const NodeId other = node.inputs[0] == value ? node.inputs[1] : node.inputs[0];
    if (other == value || !done(other)) return std::nullopt;
    const bool same = graph().node(other).shape == graph().node(value).shape;
    return same ? std::optional(other) : std::nullopt;
  }
};

}  // namespace

Result<Graph> fuse(const Graph& graph) { return Fuser(graph).run(); }

}  // namespace maitred::inference
