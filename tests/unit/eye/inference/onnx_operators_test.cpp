// Every ONNX operator, alone in a file, against numbers worked out by hand, on both executors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/eye/inference/model_maker.h"

namespace maitred::inference::testing {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

class OnnxOperator : public ::testing::TestWithParam<Backend> {
 protected:
  static void expect(const OnnxMaker& maker, const Floats& input, const Floats& wanted) {
    EXPECT_THAT(run_onnx(maker.bytes(), GetParam(), input), Pointwise(FloatNear(1e-5F), wanted));
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, OnnxOperator,
                         ::testing::Values(Backend::kOneDnn, Backend::kOpenCv),
                         [](const auto& tested) {
                           return tested.param == Backend::kOneDnn ? "OneDnn" : "OpenCv";
                         });

const Floats kNine = {1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST_P(OnnxOperator, ConvWithPaddingAndBias) {
  OnnxMaker maker({1, 1, 3, 3});
  maker.floats("w", {1, 1, 3, 3}, {0, 0, 0, 0, 1, 2, 0, 0, 0}).floats("b", {1}, {0.5F});
  maker.node("Conv", {"x", "w", "b"}, "y", {{"pads", Ints{1, 1, 1, 1}}}).output("y");
  expect(maker, kNine, {5.5F, 8.5F, 3.5F, 14.5F, 17.5F, 6.5F, 23.5F, 26.5F, 9.5F});
}

TEST_P(OnnxOperator, ConvWithStrideAndUnevenPadding) {
  OnnxMaker maker({1, 1, 3, 3});
  maker.floats("w", {1, 1, 2, 2}, {1, 1, 1, 1});
  maker.node("Conv", {"x", "w"}, "y", {{"pads", Ints{0, 0, 1, 1}}, {"strides", Ints{2, 2}}});
  maker.output("y");
  expect(maker, kNine, {12, 9, 15, 9});
}

TEST_P(OnnxOperator, ConvSameUpper) {
  OnnxMaker maker({1, 1, 3, 3});
  maker.floats("w", {1, 1, 2, 2}, {1, 1, 1, 1});
  maker.node("Conv", {"x", "w"}, "y", {{"auto_pad", "SAME_UPPER"}, {"strides", Ints{2, 2}}});
  maker.output("y");
  expect(maker, kNine, {12, 9, 15, 9});
}

TEST_P(OnnxOperator, ConvInGroups) {
  OnnxMaker maker({1, 2, 1, 2});
  maker.floats("w", {2, 1, 1, 1}, {2, 10});
  maker.node("Conv", {"x", "w"}, "y", {{"group", 2}}).output("y");
  expect(maker, {1, 2, 3, 4}, {2, 4, 30, 40});
}

TEST_P(OnnxOperator, ConvWithDilation) {
  OnnxMaker maker({1, 1, 3, 3});
  maker.floats("w", {1, 1, 2, 2}, {1, 2, 3, 4});
  maker.node("Conv", {"x", "w"}, "y", {{"dilations", Ints{2, 2}}}).output("y");
  expect(maker, kNine, {1 * 1 + 3 * 2 + 7 * 3 + 9 * 4});
}

TEST_P(OnnxOperator, BatchNormalization) {
  OnnxMaker maker({1, 2, 1, 2});
  maker.floats("gamma", {2}, {2, 1}).floats("beta", {2}, {1, 0});
  maker.floats("mean", {2}, {1, 2}).floats("variance", {2}, {4, 1});
  maker.node("BatchNormalization", {"x", "gamma", "beta", "mean", "variance"}, "y",
             {{"epsilon", 0.0F}});
  maker.output("y");
  expect(maker, {1, 3, 4, 0}, {1, 3, 2, -2});
}

TEST_P(OnnxOperator, Activations) {
  const Floats input = {-2, -0.5F, 0, 1, 4, 9};
  const auto try_one = [&](const std::string& type, const std::vector<OnnxAttribute>& attributes,
                           float (*function)(float)) {
    SCOPED_TRACE(type);
    OnnxMaker maker({1, 6});
    maker.node(type, {"x"}, "y", attributes).output("y");
    Floats wanted;
    for (float x : input) wanted.push_back(function(x));
    expect(maker, input, wanted);
  };
  try_one("Relu", {}, [](float x) { return x < 0 ? 0 : x; });
  try_one("LeakyRelu", {{"alpha", 0.25F}}, [](float x) { return x < 0 ? 0.25F * x : x; });
  try_one("Sigmoid", {}, [](float x) { return 1 / (1 + std::exp(-x)); });
  try_one("Tanh", {}, [](float x) { return std::tanh(x); });
  try_one("Elu", {{"alpha", 0.5F}}, [](float x) { return x < 0 ? 0.5F * std::expm1(x) : x; });
  try_one("HardSwish", {}, [](float x) { return x * std::fmin(std::fmax(x + 3, 0.0F), 6.0F) / 6; });
}

TEST_P(OnnxOperator, ClipWithLimitsAsInputs) {
  OnnxMaker maker({1, 4});
  maker.floats("low", {}, {-1}).floats("high", {}, {6});
  maker.node("Clip", {"x", "low", "high"}, "y").output("y");
  expect(maker, {-3, 0.5F, 6, 7}, {-1, 0.5F, 6, 6});
}

TEST_P(OnnxOperator, PReluOneSlopeAChannel) {
  OnnxMaker maker({1, 2, 1, 2});
  maker.floats("slopes", {2, 1, 1}, {0.5F, -1});
  maker.node("PRelu", {"x", "slopes"}, "y").output("y");
  expect(maker, {-2, 2, -3, 3}, {-1, 2, 3, 3});
}

TEST_P(OnnxOperator, PReluOneSlope) {
  OnnxMaker maker({1, 2, 1, 2});
  maker.floats("slopes", {1}, {0.5F});
  maker.node("PRelu", {"x", "slopes"}, "y").output("y");
  expect(maker, {-2, 2, -3, 3}, {-1, 2, -1.5F, 3});
}

TEST_P(OnnxOperator, ArithmeticWithConstants) {
  OnnxMaker maker({1, 2, 1, 2});
  maker.floats("mean", {}, {1}).floats("scale", {1, 2, 1, 1}, {2, 4}).floats("ten", {1}, {10});
  maker.node("Sub", {"x", "mean"}, "centred").node("Mul", {"scale", "centred"}, "scaled");
  maker.node("Sub", {"ten", "scaled"}, "y").output("y");
  expect(maker, {1, 2, 3, 4}, {10, 8, 2, -2});
}

TEST_P(OnnxOperator, ArithmeticWithAConstantOfTheWholeShape) {
  OnnxMaker maker({1, 1, 2, 2});
  maker.floats("map", {2, 2}, {10, 20, 30, 40});
  maker.node("Add", {"x", "map"}, "y").output("y");
  expect(maker, {1, 2, 3, 4}, {11, 22, 33, 44});
}

TEST_P(OnnxOperator, ArithmeticOfTwoValues) {
  const Floats input = {4, -2, 9, 1};
  const auto try_one = [&](const std::string& type, const Floats& wanted) {
    SCOPED_TRACE(type);
    OnnxMaker maker({1, 1, 2, 2});
    maker.node("Relu", {"x"}, "r").node(type, {"x", "r"}, "y").output("y");
    expect(maker, input, wanted);
  };
  try_one("Add", {8, -2, 18, 2});
  try_one("Sub", {0, -2, 0, 0});
  try_one("Mul", {16, 0, 81, 1});
  try_one("Max", {4, 0, 9, 1});
  try_one("Min", {4, -2, 9, 1});
}

TEST_P(OnnxOperator, SqueezeAndExcite) {
  OnnxMaker maker({2, 2, 1, 2});
  maker.node("GlobalAveragePool", {"x"}, "mean").node("Mul", {"mean", "x"}, "y").output("y");
  expect(maker, {1, 3, 2, 4, 0, 2, 1, 1}, {2, 6, 6, 12, 0, 2, 1, 1});
}

TEST_P(OnnxOperator, MaxPool) {
  OnnxMaker maker({1, 1, 3, 3});
  maker.node("MaxPool", {"x"}, "y",
             {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"pads", Ints{0, 0, 1, 1}}});
  maker.output("y");
  expect(maker, {-1, -2, -3, -4, -5, -6, -7, -8, -9}, {-1, -3, -7, -9});
}

TEST_P(OnnxOperator, MaxPoolCountsPartialWindowsInCeilMode) {
  OnnxMaker maker({1, 1, 3, 3});
  maker.node("MaxPool", {"x"}, "y",
             {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"ceil_mode", 1}});
  maker.output("y");
  expect(maker, kNine, {5, 6, 8, 9});
}

TEST_P(OnnxOperator, AveragePoolWithAndWithoutItsPadding) {
  for (int counted : {0, 1}) {
    OnnxMaker maker({1, 1, 2, 2});
    maker.node("AveragePool", {"x"}, "y",
               {{"kernel_shape", Ints{2, 2}},
                {"strides", Ints{2, 2}},
                {"pads", Ints{1, 1, 1, 1}},
                {"count_include_pad", counted}});
    maker.output("y");
    const float share = counted != 0 ? 0.25F : 1.0F;
    expect(maker, {4, 8, 12, 16}, {4 * share, 8 * share, 12 * share, 16 * share});
  }
}

TEST_P(OnnxOperator, ReduceMeanOfThePlane) {
  OnnxMaker maker({1, 2, 1, 2});
  maker.node("ReduceMean", {"x"}, "y", {{"axes", Ints{-1, 2}}, {"keepdims", 0}}).output("y");
  expect(maker, {1, 3, 5, 9}, {2, 7});
}

TEST_P(OnnxOperator, ResizeRepeatsPixels) {
  OnnxMaker maker({1, 1, 1, 2});
  maker.floats("roi", {0}, {}).floats("scales", {4}, {1, 1, 2, 3});
  maker.node("Resize", {"x", "roi", "scales"}, "y",
             {{"mode", "nearest"},
              {"coordinate_transformation_mode", "asymmetric"},
              {"nearest_mode", "floor"}});
  maker.output("y");
  expect(maker, {1, 2}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
}

TEST_P(OnnxOperator, TransposeThenReshapeThenSigmoid) {
  OnnxMaker maker({1, 2, 1, 2});
  maker.ints("shape", {1, -1, 2});
  maker.node("Transpose", {"x"}, "t", {{"perm", Ints{0, 2, 3, 1}}});
  maker.node("Reshape", {"t", "shape"}, "r").node("Relu", {"r"}, "y").output("y");
  expect(maker, {1, 2, 30, -40}, {1, 30, 2, 0});
}

TEST_P(OnnxOperator, ShapeArithmeticOfAFlatten) {
  OnnxMaker maker({2, 2, 1, 2});
  OnnxMaker& m = maker.ints("zero", {0}).ints("minus_one", {-1});
  m.node("Shape", {"x"}, "shape").node("Gather", {"shape", "zero"}, "batch", {{"axis", 0}});
  m.node("Concat", {"batch", "minus_one"}, "wanted", {{"axis", 0}});
  m.node("Reshape", {"x", "wanted"}, "flat").floats("w", {4, 1}, {1, 10, 100, 1000});
  m.node("MatMul", {"flat", "w"}, "y").output("y");
  expect(maker, {1, 2, 3, 4, 5, 6, 7, 8}, {4321, 8765});
}

TEST_P(OnnxOperator, GemmWithBias) {
  for (int transposed : {0, 1}) {
    OnnxMaker maker({1, 2, 1, 1});
    maker.floats("w", transposed != 0 ? Ints{3, 2} : Ints{2, 3},
                 transposed != 0 ? Floats{1, 4, 2, 5, 3, 6} : Floats{1, 2, 3, 4, 5, 6});
    maker.floats("b", {3}, {100, 200, 300});
    maker.node("Flatten", {"x"}, "flat");
    maker.node("Gemm", {"flat", "w", "b"}, "y", {{"transB", transposed}}).output("y");
    expect(maker, {1, 10}, {141, 252, 363});
  }
}

TEST_P(OnnxOperator, ConcatOfChannels) {
  OnnxMaker maker({1, 1, 1, 2});
  maker.node("Relu", {"x"}, "r").node("Concat", {"x", "r"}, "y", {{"axis", 1}}).output("y");
  expect(maker, {-1, 2}, {-1, 2, 0, 2});
}

TEST_P(OnnxOperator, Softmax) {
  OnnxMaker maker({2, 2});
  maker.node("Softmax", {"x"}, "y", {{"axis", 1}}).output("y");
  const float third = 1.0F / 3;
  expect(maker, {0, std::log(2.0F), 5, 5}, {third, 2 * third, 0.5F, 0.5F});
}

TEST_P(OnnxOperator, IdentityAndDropoutDoNothing) {
  OnnxMaker maker({1, 3});
  maker.node("Identity", {"x"}, "a").node("Dropout", {"a"}, "b").node("Relu", {"b"}, "y");
  maker.output("y");
  expect(maker, {-1, 0, 2}, {0, 0, 2});
}

TEST_P(OnnxOperator, SqueezeAndUnsqueeze) {
  OnnxMaker maker({1, 2, 1, 1});
  maker.node("Squeeze", {"x"}, "s", {{"axes", Ints{2, 3}}}).node("Relu", {"s"}, "r");
  maker.node("Unsqueeze", {"r"}, "y", {{"axes", Ints{0}}}).output("y");
  expect(maker, {-1, 2}, {0, 2});
}

}  // namespace
}  // namespace maitred::inference::testing
