// Folding and fusing must not change a network's answers, and must leave fewer steps.
#include "src/eye/inference/graph/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "src/eye/inference/backends/backends.h"
#include "src/eye/inference/readers/importer.h"
#include "tests/unit/eye/inference/model_maker.h"

namespace maitred::inference::testing {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

Graph graph_of(const OnnxMaker& maker, const Shape& input_shape = {}) {
  const std::string bytes = maker.bytes();
  auto model = read_onnx({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  if (!model) ADD_FAILURE() << model.error().message;
  auto graph = import_model(*std::move(model), input_shape);
  if (!graph) ADD_FAILURE() << graph.error().message;
  return *std::move(graph);
}

std::vector<Floats> outputs_of(Result<std::unique_ptr<Network>> network) {
  if (!network) {
    ADD_FAILURE() << network.error().message;
    return {};
  }
  std::vector<Floats> outputs;
  for (unsigned seed : {1u, 2u}) {  // twice: nothing may be left of the first input
    const Floats input = noise((*network)->input().size(), seed);
    std::copy(input.begin(), input.end(), (*network)->input().begin());
    if (Status status = (*network)->run(); !status) ADD_FAILURE() << status.error().message;
    for (std::size_t i = 0; i < (*network)->outputs().size(); ++i) {
      const auto output = (*network)->output(i);
      outputs.emplace_back(output.begin(), output.end());
    }
  }
  return outputs;
}

void expect_same_answers(const Graph& plain) {
  const Graph simple = simplify(plain).value();
  const Graph fused = fuse(simple).value();
  const auto wanted = outputs_of(make_onednn_network(plain, 1));
  ASSERT_FALSE(wanted.empty());
  const auto check = [&](const char* what, const std::vector<Floats>& outputs) {
    SCOPED_TRACE(what);
    ASSERT_EQ(outputs.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_THAT(outputs[i], Pointwise(FloatNear(1e-4F), wanted[i])) << "output " << i;
    }
  };
  check("OpenCV, as in the file", outputs_of(make_opencv_network(plain, 1)));
  check("OpenCV, simplified", outputs_of(make_opencv_network(simple, 1)));
  check("oneDNN, simplified", outputs_of(make_onednn_network(simple, 1)));
  check("oneDNN, fused", outputs_of(make_onednn_network(fused, 1)));
  const Graph paired = pair_separable(fuse(join_heads(simple).value()).value()).value();
  check("oneDNN, separable ones in strips", outputs_of(make_onednn_network(paired, 1)));
}

// Adds layers in the manner of MobileFaceNet.
class FaceNet : public OnnxMaker {
 public:
  using OnnxMaker::OnnxMaker;

  std::string conv(const std::string& from, std::int64_t in, std::int64_t out, std::int64_t kernel,
                   std::int64_t stride, std::int64_t groups = 1) {
    const std::string name = fresh();
    const auto fan_in = static_cast<float>(in / groups * kernel * kernel);
    weights(name + "w", {out, in / groups, kernel, kernel}, 2 / std::sqrt(fan_in));
    node("Conv", {from, name + "w"}, name,
         {{"group", groups}, {"strides", Ints{stride, stride}}, {"pads", Ints(4, kernel / 2)}});
    return name;
  }

  std::string batch_norm(const std::string& from, std::int64_t channels) {
    const std::string name = fresh();
    weights(name + "g", {channels}, 1).weights(name + "b", {channels}, 0.5F);
    weights(name + "m", {channels}, 0.5F);
    Floats variance = noise(static_cast<std::size_t>(channels), seed_++);
    for (float& value : variance) value = value * value + 0.5F;
    floats(name + "v", {channels}, variance);
    node("BatchNormalization", {from, name + "g", name + "b", name + "m", name + "v"}, name);
    return name;
  }

  std::string prelu(const std::string& from, std::int64_t channels) {
    const std::string name = fresh();
    weights(name + "s", {channels, 1, 1}, 0.5F).node("PRelu", {from, name + "s"}, name);
    return name;
  }

  FaceNet& weights(const std::string& name, const Ints& shape, float scale) {
    std::int64_t count = 1;
    for (std::int64_t dimension : shape) count *= dimension;
    Floats values = noise(static_cast<std::size_t>(count), seed_++);
    for (float& value : values) value *= scale;
    floats(name, shape, values);
    return *this;
  }

  std::string fresh() { return std::to_string(next_++); }

 private:
  int next_ = 0;
  unsigned seed_ = 1;
};

// Scaled input, convolutions with batch norms and PReLUs, depthwise, a residual, and SFace's end:
// batch norm, dropout, flatten, matrix product, batch norm.
void write_mobile_face_net(FaceNet& net) {
  net.floats("mean", {1}, {0.5F}).floats("scale", {1}, {2});
  net.node("Sub", {"x", "mean"}, "centred").node("Mul", {"centred", "scale"}, "scaled");
  std::string at = net.prelu(net.batch_norm(net.conv("scaled", 3, 20, 3, 2), 20), 20);
  at = net.prelu(net.batch_norm(net.conv(at, 20, 20, 3, 1, 20), 20), 20);
  const std::string trunk = net.batch_norm(net.conv(at, 20, 20, 1, 1), 20);
  at = net.prelu(net.batch_norm(net.conv(trunk, 20, 40, 1, 1), 40), 40);
  at = net.batch_norm(net.conv(at, 40, 20, 1, 1), 20);
  net.node("Add", {trunk, at}, "sum").node("Relu", {"sum"}, "active");
  at = net.batch_norm("active", 20);
  net.node("Dropout", {at}, "kept").node("Flatten", {"kept"}, "flat");
  net.weights("fc", {8, 20 * 8 * 8}, 0.05F).weights("fcb", {8}, 1);
  net.node("Gemm", {"flat", "fc", "fcb"}, "embedding", {{"transB", 1}});
  net.output(net.batch_norm("embedding", 8));
}

TEST(Passes, MobileFaceNetKeepsItsAnswers) {
  FaceNet net({1, 3, 16, 16});
  write_mobile_face_net(net);
  expect_same_answers(graph_of(net));
}

TEST(Passes, BatchesOfFacesGiveEachFaceItsAnswer) {
  FaceNet net({1, 3, 16, 16});
  write_mobile_face_net(net);
  expect_same_answers(graph_of(net, {3, 3, 16, 16}));
}

TEST(Passes, BatchNormsGoIntoTheConvolutions) {
  FaceNet net({1, 3, 16, 16});
  write_mobile_face_net(net);
  const auto count = [](const Graph& graph, auto is_kind) {
    return std::count_if(graph.nodes().begin(), graph.nodes().end(),
                         [&](const Node& node) { return is_kind(node.operation); });
  };
  const auto is_affine = [](const Operation& operation) {
    return std::holds_alternative<ScaleShift>(operation);
  };
  const Graph plain = graph_of(net);
  const Graph simple = simplify(plain).value();
  const Graph fused = fuse(simple).value();
  EXPECT_EQ(count(plain, is_affine), 9);
  EXPECT_EQ(count(simple, is_affine), 1);  // after a ReLU and before a flatten: nowhere to go
  EXPECT_EQ(count(fused,
                  [](const Operation& operation) {
                    return std::holds_alternative<Binary>(operation) ||
                           std::holds_alternative<Activation>(operation);
                  }),
            1);  // the input's scale and shift: a padded convolution cannot take the shift
}

// A pyramid with heads, like YuNet: values with several readers, upsampling, sums, transposed and
// reshaped outputs with a sigmoid at the very end.
TEST(Passes, PyramidWithHeadsKeepsItsAnswers) {
  FaceNet net({1, 3, 32, 32});
  net.node("Relu", {net.conv("x", 3, 16, 3, 2)}, "c1");
  net.node("MaxPool", {"c1"}, "p1", {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  net.node("Relu", {net.conv(net.conv("p1", 16, 16, 1, 1), 16, 16, 3, 1, 16)}, "c2");
  net.floats("scales", {4}, {1, 1, 2, 2}).ints("shape", {1, -1, 4});
  net.node("Upsample", {"c2", "scales"}, "up").node("Add", {"c1", "up"}, "merged");
  for (const std::string level : {"merged", "c2"}) {
    const std::string head = net.conv(net.conv(level, 16, 4, 1, 1), 4, 4, 3, 1, 4);
    net.node("Transpose", {head}, level + "t", {{"perm", Ints{0, 2, 3, 1}}});
    net.node("Reshape", {level + "t", "shape"}, level + "r");
    net.node("Sigmoid", {level + "r"}, level + "y").output(level + "y").output(level + "r");
  }
  expect_same_answers(graph_of(net));
  expect_same_answers(graph_of(net, {1, 3, 64, 32}));
}

std::size_t separables(const Graph& plain) {
  const Graph paired =
      pair_separable(fuse(join_heads(simplify(plain).value()).value()).value()).value();
  return static_cast<std::size_t>(std::count_if(
      paired.nodes().begin(), paired.nodes().end(),
      [](const Node& node) { return std::holds_alternative<Separable>(node.operation); }));
}

// YuNet's way: stem, separable convolutions with and without a maximum, four heads of one value.
void write_separable_net(FaceNet& net) {
  net.node("Relu", {net.conv("x", 3, 16, 3, 2)}, "stem");
  net.node("Relu", {net.conv(net.conv("stem", 16, 16, 1, 1), 16, 16, 3, 1, 16)}, "c1");
  net.node("MaxPool", {"c1"}, "p1", {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  net.node("LeakyRelu", {net.conv(net.conv("p1", 16, 48, 1, 1), 48, 48, 3, 1, 48)}, "c2",
           {{"alpha", 0.25F}});
  net.node("Relu", {net.conv("c2", 48, 64, 1, 1)}, "wide");
  const std::string last = net.conv("wide", 64, 64, 3, 1, 64);
  for (const std::int64_t channels : {1, 1, 4, 10}) {
    const std::string head =
        net.conv(net.conv(last, 64, channels, 1, 1), channels, channels, 3, 1, channels);
    net.node("Sigmoid", {head}, head + "y").output(head + "y");
  }
}

TEST(Passes, SeparableConvolutionsKeepTheirAnswers) {
  FaceNet net({1, 3, 16, 16});
  write_separable_net(net);
  EXPECT_EQ(separables(graph_of(net)), 4U);
  for (const Shape& shape : {Shape{1, 3, 16, 16}, Shape{2, 3, 20, 36}, Shape{1, 3, 4, 8},
                             Shape{1, 3, 92, 640}, Shape{3, 3, 44, 12}}) {
    SCOPED_TRACE(to_text(shape));
    expect_same_answers(graph_of(net, shape));
  }
}

TEST(Passes, WhatIsReadTwiceIsNotHiddenInASeparable) {
  FaceNet net({1, 3, 12, 12});
  const std::string between = net.conv("x", 3, 16, 1, 1);
  net.node("Relu", {net.conv(between, 16, 16, 3, 1, 16)}, "y").output("y").output(between);
  EXPECT_EQ(separables(graph_of(net)), 0U);
  expect_same_answers(graph_of(net));
}

TEST(Passes, ActivationsGoBeforeTheReshapingIntoTheConvolution) {
  FaceNet net({1, 3, 8, 8});
  net.ints("shape", {1, -1, 4});
  net.node("Transpose", {net.conv("x", 3, 4, 3, 1)}, "t", {{"perm", Ints{0, 2, 3, 1}}});
  net.node("Reshape", {"t", "shape"}, "r").node("Sigmoid", {"r"}, "y").output("y");
  const Graph plain = graph_of(net);
  const Graph fused = fuse(simplify(plain).value()).value();
  EXPECT_EQ(fused.nodes().size(), plain.nodes().size() - 1);
  expect_same_answers(plain);
}

// The sum may be made in the place of its second side only when nobody needs that any more.
TEST(Passes, ResidualsThatAreReadAgain) {
  FaceNet net({1, 4, 6, 6});
  const std::string a = net.conv("x", 4, 4, 3, 1);
  const std::string b = net.conv(a, 4, 4, 3, 1);
  net.node("Add", {a, b}, "first");
  const std::string c = net.conv("first", 4, 4, 1, 1);
  net.node("Add", {c, "first"}, "second").node("Add", {"second", a}, "third");
  net.node("Add", {"third", "x"}, "fourth").node("Add", {"fourth", "fourth"}, "y");
  net.output("y").output("first").output("x");
  expect_same_answers(graph_of(net));
}

TEST(Passes, ScalesBeforeAndAfterUnpaddedConvolutions) {
  FaceNet net({1, 4, 6, 6});
  std::string at = net.batch_norm(net.batch_norm("x", 4), 4);
  at = net.batch_norm(net.conv(at, 4, 6, 1, 1, 2), 6);
  const Graph plain = graph_of(net.output(net.batch_norm(at, 6)), {});
  EXPECT_EQ(simplify(plain).value().nodes().size(), 2U);  // the input and one convolution
  expect_same_answers(plain);
}

TEST(Passes, WhatNoOutputNeedsIsDropped) {
  OnnxMaker net({1, 4});
  net.ints("same", {1, 4}).node("Relu", {"x"}, "y").node("Sigmoid", {"x"}, "unused");
  net.node("Reshape", {"y", "same"}, "z").output("z");
  EXPECT_EQ(simplify(graph_of(net)).value().nodes().size(), 2U);
}

}  // namespace
}  // namespace maitred::inference::testing
