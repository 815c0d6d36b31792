// A network as data: operations in topological order, with known and checked shapes. Operations
// hold their constants. A graph does not change once it is built; a pass builds a new one. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "maitred/base/result.h"
#include "tensor.h"

namespace maitred::inference {

using NodeId = std::size_t;

// y = f(x), element by element.
enum class ActivationKind {
  kRelu,     // x < 0 ? alpha * x : x
  kSigmoid,  // 1 / (1 + exp(-x))
  kTanh,
  kElu,       // x < 0 ? alpha * (exp(x) - 1) : x
  kClip,      // between alpha and beta
  kLinear,    // alpha * x + beta
  kHardSwish  // x * clip(x + 3, 0, 6) / 6
};
struct Activation {
  ActivationKind kind = ActivationKind::kRelu;
  float alpha = 0;
  float beta = 0;
  bool operator==(const Activation&) const = default;
};
// x < 0 ? slopes[channel] * x : x; axis 1 is the channel.
struct PRelu {
  std::vector<float> slopes;
};
// Adds input number `input` of the node, which has the shape of the output.
struct AddInput {
  std::size_t input = 1;
};
// An operation applies its post-ops to each value before it stores it.
using PostOp = std::variant<Activation, AddInput>;

struct Window {
  std::array<std::int64_t, 2> kernel{1, 1};  // height, width
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 2> dilations{1, 1};
  std::array<std::int64_t, 2> pads_begin{0, 0};  // top, left
  std::array<std::int64_t, 2> pads_end{0, 0};    // bottom, right
};

struct InputNode {};
struct ConstantNode {
  std::vector<float> values;
};
struct Convolution {
  Window window{};
  std::int64_t groups = 1;
  std::int64_t out_channels = 0;
  std::vector<float> weights{};  // [out, in / groups, kernel height, kernel width]
  std::vector<float> bias{};     // [out], never empty
  std::vector<PostOp> post_ops{};
};
// y = x W' + b of a matrix [rows, in].
struct Linear {
  std::int64_t out_features = 0;
  std::vector<float> weights{};  // [out, in]
  std::vector<float> bias{};     // [out], never empty
  std::vector<PostOp> post_ops{};
};
// y = x * scale[channel] + shift[channel]; axis 1 is the channel.
struct ScaleShift {
  std::vector<float> scale;
  std::vector<float> shift;
};
enum class BinaryKind { kAdd, kSubtract, kMultiply, kDivide, kMaximum, kMinimum };
// Takes two inputs of the same rank. The second has the shape of the first, or dimensions of 1.
struct Binary {
  BinaryKind kind = BinaryKind::kAdd;
  std::vector<PostOp> post_ops{};
};
enum class PoolKind { kMaximum, kAverage, kAverageWithPadding };
struct Pool {
  PoolKind kind = PoolKind::kMaximum;
  Window window{};
};
// Repeats each pixel height x width times.
struct Upsample {
  std::array<std::int64_t, 2> factors{1, 1};
  std::vector<PostOp> post_ops{};
};
struct Transpose {
  std::vector<std::size_t> order;  // axis i of the output is axis order[i] of the input
};
struct Reshape {
  Shape shape{};
};
struct Concatenate {
  std::size_t axis = 1;
};
struct Softmax {
  std::size_t axis = 1;
};
// Takes the channels begin .. begin + count - 1.
struct Slice {
  std::int64_t begin = 0;
  std::int64_t count = 1;
};
// An optional convolution of few channels (the stem of a network), a 1x1 convolution, a depthwise
// 3x3 convolution, and an optional 2x2 maximum. They are one operation so that an executor can
// compute a few rows at a time and keep intermediate values in the cache. Made by a pass. The first
// and the third have no post-op but a rectifier.
struct Separable {
  std::optional<Convolution> stem{};
  Convolution pointwise{};
  Convolution depthwise{};
  bool halved = false;
};

using Operation = std::variant<InputNode, ConstantNode, Convolution, Linear, ScaleShift, Activation,
                               PRelu, Binary, Pool, Upsample, Transpose, Reshape, Concatenate,
                               Softmax, Slice, Separable>;

struct Node {
  std::string name;  // as in the file, for messages
  Operation operation;
  std::vector<NodeId> inputs;  // each smaller than the node's own id
  Shape shape{};               // of its one output
};

struct GraphOutput {
  std::string name;
  NodeId node = 0;
};

class Graph {
 public:
  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  const std::vector<GraphOutput>& outputs() const { return outputs_; }
  NodeId input() const { return input_; }
  // Counts for each node how many inputs of other nodes and outputs of the graph it is.
  std::vector<std::size_t> use_counts() const;

 private:
  friend class GraphBuilder;
  std::vector<Node> nodes_;
  std::vector<GraphOutput> outputs_;
  NodeId input_ = 0;
};

// The only way to make a Graph. Every add checks the operation against its inputs and infers the
// shape of the result.
class GraphBuilder {
 public:
  Result<NodeId> add_input(std::string name, const Shape& shape);
  Result<NodeId> add_constant(std::string name, const Shape& shape, std::vector<float> values);
  // Error: model_invalid, with the name of the node.
  Result<NodeId> add(std::string name, Operation operation, std::vector<NodeId> inputs);

  const Node& node(NodeId id) const { return graph_.nodes_[id]; }
  const Shape& shape(NodeId id) const { return graph_.nodes_[id].shape; }

  // Error: model_invalid without an input or an output.
  Result<Graph> build(std::vector<GraphOutput> outputs) &&;

 private:
  Result<NodeId> append(Node node);

  Graph graph_;
  bool has_input_ = false;
  std::int64_t elements_ = 0;
};

// Returns the shape of the result. Error: model_invalid. In shapes.cpp.
Result<Shape> infer_shape(const Operation& operation, const std::vector<const Shape*>& inputs);

// Error: model_invalid for a length out of range.
Status check_window(const Window& window);
// Returns the output length of a window along one axis; 0 if it does not fit.
std::int64_t window_length(std::int64_t length, const Window& window, std::size_t axis);

}  // namespace maitred::inference
