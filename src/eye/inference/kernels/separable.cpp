#include <algorithm>

#include "src/eye/inference/backends/convolution_kinds.h"
#include "src/eye/inference/graph/passes.h"
#include "src/eye/inference/graph/rewriter.h"

namespace maitred::inference {
namespace {

constexpr std::int64_t kChannelsAtOnce = 16;  // of a step
constexpr std::int64_t kMostStemRows = 16;

// True for a depthwise 3x3 convolution whose result has the size of its input.
bool is_depthwise(const Convolution& conv, std::int64_t in_channels) {
  constexpr std::array<std::int64_t, 2> one{1, 1};
  const Window& window = conv.window;
  return conv.groups == in_channels && conv.out_channels == in_channels &&
         window.kernel == std::array<std::int64_t, 2>{3, 3} && window.strides == one &&
         window.dilations == one && window.pads_begin == one && window.pads_end == one;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

class HeadJoiner : public Rewriter {
 public:
  explicit HeadJoiner(const Graph& graph) : Rewriter(graph), heads_(graph.nodes().size()) {
    for (NodeId id = 0; id < graph.nodes().size(); ++id) {
      if (live(id) && head_of(id)) heads_[graph.node(id).inputs[0]].push_back(id);
    }
  }

  Result<Graph> run() {
    for (NodeId id = 0; id < graph().nodes().size(); ++id) {
      if (!live(id) || done(id)) continue;
      const auto& inputs = graph().node(id).inputs;
      if (inputs.empty() || !head_of(id) || heads_[inputs[0]].size() < 2) {
        MAITRED_TRY(copy(id));
      } else {
        MAITRED_TRY(join(heads_[inputs[0]]));
      }
    }
    return finish();
  }

 private:
  // The second convolution of a head that begins with this node.
  std::optional<NodeId> head_of(NodeId id) const {
    const auto* first = std::get_if<Convolution>(&graph().node(id).operation);
    const auto next = sole_consumer(id);
    if (first == nullptr || !next || !is_pointwise(*first) || !first->post_ops.empty() ||
        first->out_channels >= kChannelsAtOnce) {
      return std::nullopt;
    }
    const auto* second = std::get_if<Convolution>(&graph().node(*next).operation);
    if (second == nullptr || !second->post_ops.empty() ||
        !is_depthwise(*second, first->out_channels)) {
      return std::nullopt;
    }
    return next;
  }

  const Convolution& conv(NodeId id) const {
    return std::get<Convolution>(graph().node(id).operation);
  }

  Status join(const std::vector<NodeId>& heads) {
    const NodeId source = graph().node(heads[0]).inputs[0];
    Convolution first{};
    Convolution second{.window = conv(*head_of(heads[0])).window};
    for (NodeId head : heads) {
      const Convolution& one = conv(head);
      append(first.weights, one.weights);
      append(first.bias, one.bias);
      first.out_channels += one.out_channels;
      append(second.weights, conv(*head_of(head)).weights);
      append(second.bias, conv(*head_of(head)).bias);
    }
    // Fills up to whole lanes with channels of zeros.
    const std::int64_t channels =
        (first.out_channels + kChannelsAtOnce - 1) / kChannelsAtOnce * kChannelsAtOnce;
    const auto extra = static_cast<std::size_t>(channels - first.out_channels);
    const auto in_channels = static_cast<std::size_t>(graph().node(source).shape[1]);
    first.weights.resize(first.weights.size() + extra * in_channels, 0.0F);
    second.weights.resize(second.weights.size() + extra * 9, 0.0F);
    first.out_channels = second.out_channels = second.groups = channels;
    first.bias.resize(static_cast<std::size_t>(channels), 0.0F);
    second.bias.resize(static_cast<std::size_t>(channels), 0.0F);

    const std::string& name = graph().node(heads[0]).name;
    MAITRED_ASSIGN(const NodeId below, builder().add(name, std::move(first), {mapped(source)}));
    MAITRED_ASSIGN(const NodeId joined, builder().add(name, std::move(second), {below}));
    std::int64_t begin = 0;
    for (NodeId head : heads) {
      const NodeId end = *head_of(head);
      const Slice slice{begin, conv(head).out_channels};
      MAITRED_ASSIGN(const NodeId part, builder().add(graph().node(end).name, slice, {joined}));
      map(head, joined);
      map(end, part);
      begin += slice.count;
    }
    return {};
  }

  std::vector<std::vector<NodeId>> heads_;  // for each node, the heads that read its value
};

class Pairer : public Rewriter {
 public:
  using Rewriter::Rewriter;

  Result<Graph> run() {
    for (NodeId id = 0; id < graph().nodes().size(); ++id) {
      if (!live(id) || done(id)) continue;
      MAITRED_TRY(visit(id));
    }
    return finish();
  }

 private:
  static bool only_activations(const Convolution& conv) {
    return std::all_of(conv.post_ops.begin(), conv.post_ops.end(), [](const PostOp& post_op) {
      return std::holds_alternative<Activation>(post_op);
    });
  }
  static bool only_rectified(const Convolution& conv) {
    if (conv.post_ops.empty()) return true;
    const auto* activation = std::get_if<Activation>(&conv.post_ops[0]);
    return conv.post_ops.size() == 1 && activation != nullptr &&
           activation->kind == ActivationKind::kRelu && activation->alpha >= 0.0F &&
           activation->alpha <= 1.0F;
  }

  // The 3x3 convolution after this one, if the two can be one operation.
  std::optional<NodeId> pair_from(NodeId id) const {
    const auto* first = std::get_if<Convolution>(&graph().node(id).operation);
    const auto next = sole_consumer(id);
    if (first == nullptr || !next || !is_pointwise(*first) || !only_activations(*first) ||
        first->out_channels % kChannelsAtOnce != 0) {
      return std::nullopt;
    }
    const auto* second = std::get_if<Convolution>(&graph().node(*next).operation);
    const bool fits =
        second != nullptr && is_depthwise(*second, first->out_channels) && only_rectified(*second);
    return fits ? next : std::nullopt;
  }

  // The 1x1 convolution after this one, if this one is the stem of a pair.
  std::optional<NodeId> pair_after_stem(NodeId id) const {
    const auto* stem = std::get_if<Convolution>(&graph().node(id).operation);
    const auto next = sole_consumer(id);
    if (stem == nullptr || !next || stem->groups != 1 || !only_rectified(*stem) ||
        stem->out_channels != kChannelsAtOnce || !pair_from(*next)) {
      return std::nullopt;
    }
    constexpr std::array<std::int64_t, 2> one{1, 1};
    const std::int64_t rows = graph().node(graph().node(id).inputs[0]).shape[1];
    const bool small = rows * stem->window.kernel[0] <= kMostStemRows &&
                       stem->window.kernel[1] <= kMostStemRows && stem->window.dilations == one;
    return small ? next : std::nullopt;
  }

  Status visit(NodeId id) {
    Separable separable;
    NodeId first = id;
    if (const auto after = pair_after_stem(id)) {
      separable.stem = conv(id);
      first = *after;
    }
    const auto second = pair_from(first);
    if (!second) return copy(id);
    const auto pool = pool_after(*second);
    separable.pointwise = conv(first);
    separable.depthwise = conv(*second);
    separable.halved = pool.has_value();
    MAITRED_ASSIGN(const NodeId pair, builder().add(graph().node(first).name, std::move(separable),
                                                    {mapped(graph().node(id).inputs[0])}));
    for (const NodeId one : {id, first, *second}) map(one, pair);
    if (pool) map(*pool, pair);
    return {};
  }

  const Convolution& conv(NodeId id) const {
    return std::get<Convolution>(graph().node(id).operation);
  }

  std::optional<NodeId> pool_after(NodeId id) const {
    const auto next = sole_consumer(id);
    if (!next) return std::nullopt;
    const auto* pool = std::get_if<Pool>(&graph().node(*next).operation);
    constexpr std::array<std::int64_t, 2> none{0, 0};
    constexpr std::array<std::int64_t, 2> one{1, 1};
    constexpr std::array<std::int64_t, 2> two{2, 2};
    const Shape& shape = graph().node(id).shape;
    const bool halves = pool != nullptr && pool->kind == PoolKind::kMaximum &&
                        pool->window.kernel == two && pool->window.strides == two &&
                        pool->window.dilations == one && pool->window.pads_begin == none &&
                        pool->window.pads_end == none && shape[2] % 2 == 0 && shape[3] % 2 == 0;
    return halves ? next : std::nullopt;
  }
};

}  // namespace

Result<Graph> join_heads(const Graph& graph) { return HeadJoiner(graph).run(); }
Result<Graph> pair_separable(const Graph& graph) { return Pairer(graph).run(); }

}  // namespace maitred::inference
