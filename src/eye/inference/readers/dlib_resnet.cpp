#include "dlib_resnet.h"

#include <algorithm>
#include <utility>

namespace maitred::inference {
namespace {

constexpr std::int64_t kEndInputs = 256;

// Builds the graph layer by layer.
class ResNetBuilder {
 public:
  explicit ResNetBuilder(const ResNetWeights& weights) : weights_(weights) {}

  Result<Graph> build(std::int64_t batch) {
    MAITRED_ASSIGN(NodeId at, builder_.add_input("chip", {batch, 3, kResNetSide, kResNetSide}));
    ScaleShift centred{std::vector<float>(3, 1.0F / 256.0F), {}};
    for (const float mean : weights_.means) centred.shift.push_back(-mean / 256.0F);
    MAITRED_ASSIGN(at, add(centred, {at}));
    MAITRED_ASSIGN(at, convolve(at, {32, 7, 2, 0}));
    MAITRED_ASSIGN(at, add(Activation{}, {at}));
    MAITRED_ASSIGN(at, add(Pool{PoolKind::kMaximum, {.kernel = {3, 3}, .strides = {2, 2}}}, {at}));
    struct Level {
      std::int64_t filters;
      int downs_first, sames, downs_last;
    };
    for (const Level& level : {Level{32, 0, 3, 0}, {64, 1, 3, 0}, {128, 1, 2, 0}, {256, 1, 2, 1}}) {
      for (int i = 0; i < level.downs_first + level.sames + level.downs_last; ++i) {
        const bool is_down = i < level.downs_first || i >= level.downs_first + level.sames;
        MAITRED_ASSIGN(at, is_down ? down(at, level.filters) : same(at, level.filters));
      }
    }
    if (next_ != weights_.layers.size()) return not_it("it has more convolutions");
    const Shape& shape = builder_.shape(at);
    MAITRED_ASSIGN(at, add(Pool{PoolKind::kAverage, {.kernel = {shape[2], shape[3]}}}, {at}));
    MAITRED_ASSIGN(at, add(Reshape{{batch, kEndInputs}}, {at}));
    MAITRED_ASSIGN(at, end(at));
    return std::move(builder_).build({{"template", at}});
  }

 private:
  struct Kind {
    std::int64_t filters, side, stride, pad;
  };

  static tl::unexpected<Error> not_it(const std::string& why) {
    return model_invalid("is not dlib's face recognition network: " + why);
  }

  Result<NodeId> add(Operation operation, std::vector<NodeId> inputs) {
    return builder_.add("step " + std::to_string(++steps_), std::move(operation),
                        std::move(inputs));
  }

  // Adds the next layer of the file with its batch norm.
  Result<NodeId> convolve(NodeId from, const Kind& kind) {
    if (next_ >= weights_.layers.size()) return not_it("it has fewer convolutions");
    const ResNetLayer& layer = weights_.layers[next_++];
    const auto filters = static_cast<std::size_t>(kind.filters);
    if (layer.filters != kind.filters || layer.side != kind.side || layer.stride != kind.stride ||
        layer.scale.size() != filters || layer.shift.size() != filters) {
      return not_it("its convolution " + std::to_string(next_) + " differs");
    }
    Convolution conv{};
    conv.window.kernel = {kind.side, kind.side};
    conv.window.strides = {kind.stride, kind.stride};
    conv.window.pads_begin = conv.window.pads_end = {kind.pad, kind.pad};
    conv.out_channels = kind.filters;
    conv.weights = layer.weights;
    conv.bias = layer.bias;
    MAITRED_ASSIGN(const NodeId sum, add(std::move(conv), {from}));
    return add(ScaleShift{layer.scale, layer.shift}, {sum});
  }

  Result<NodeId> block(NodeId from, std::int64_t filters, bool halved) {
    MAITRED_ASSIGN(NodeId at, convolve(from, {filters, 3, halved ? 2 : 1, halved ? 0 : 1}));
    MAITRED_ASSIGN(at, add(Activation{}, {at}));
    return convolve(at, {filters, 3, 1, 1});
  }

  Result<NodeId> add_and_rectify(NodeId a, NodeId b) {
    MAITRED_ASSIGN(const NodeId sum, add(Binary{BinaryKind::kAdd, {}}, {a, b}));
    return add(Activation{}, {sum});
  }

  Result<NodeId> same(NodeId from, std::int64_t filters) {
    MAITRED_ASSIGN(const NodeId inner, block(from, filters, false));
    return add_and_rectify(inner, from);
  }

  // dlib adds maps of different sizes as if the smaller one had zeros on the right, at the bottom
  // and in the missing channels. Here it adds the input, averaged over 2x2. One convolution
  // computes the average and the channels of zeros.
  Result<NodeId> down(NodeId from, std::int64_t filters) {
    MAITRED_ASSIGN(NodeId inner, block(from, filters, true));
    const std::int64_t channels = builder_.shape(from)[1];
    Convolution averaged{};
    averaged.window.kernel = averaged.window.strides = {2, 2};
    averaged.out_channels = filters;
    averaged.bias.assign(static_cast<std::size_t>(filters), 0.0F);
    averaged.weights.assign(static_cast<std::size_t>(filters * channels * 4), 0.0F);
    for (std::int64_t channel = 0; channel < std::min(channels, filters); ++channel) {
      std::fill_n(averaged.weights.begin() + (channel * channels + channel) * 4, 4, 0.25F);
    }
    MAITRED_ASSIGN(const NodeId outer, add(std::move(averaged), {from}));
    MAITRED_ASSIGN(inner, enlarge(inner, builder_.shape(outer)));
    if (builder_.shape(inner) != builder_.shape(outer)) return not_it("its shapes do not match");
    return add_and_rectify(outer, inner);
  }

  // Adds zeros on the right and at the bottom.
  Result<NodeId> enlarge(NodeId from, const Shape& wanted) {
    const Shape& shape = builder_.shape(from);
    if (shape[2] >= wanted[2] && shape[3] >= wanted[3]) return from;
    Convolution copied{};
    copied.window.pads_end = {wanted[2] - shape[2], wanted[3] - shape[3]};
    copied.groups = copied.out_channels = shape[1];
    copied.weights.assign(static_cast<std::size_t>(shape[1]), 1.0F);
    copied.bias.assign(static_cast<std::size_t>(shape[1]), 0.0F);
    return add(std::move(copied), {from});
  }

  Result<NodeId> end(NodeId from) {
    constexpr std::size_t kOut = kResNetLength;
    if (weights_.end.size() != kEndInputs * kOut) return not_it("its last layer differs");
    Linear linear{};
    linear.out_features = kResNetLength;
    linear.bias.assign(kOut, 0.0F);
    linear.weights.resize(weights_.end.size());
    for (std::size_t in = 0; in < kEndInputs; ++in) {
      for (std::size_t out = 0; out < kOut; ++out) {
        linear.weights[out * kEndInputs + in] = weights_.end[in * kOut + out];
      }
    }
    return add(std::move(linear), {from});
  }

  const ResNetWeights& weights_;
  GraphBuilder builder_;
  std::size_t next_ = 0;
  int steps_ = 0;
};

}  // namespace

Result<Graph> build_dlib_resnet(const ResNetWeights& weights, std::int64_t batch) {
  return ResNetBuilder(weights).build(batch);
}

}  // namespace maitred::inference
