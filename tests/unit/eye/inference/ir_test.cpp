// OpenVINO IR: layers, ports and constants as the Model Optimizer writes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/eye/inference/graph/tensor.h"
#include "tests/unit/eye/inference/model_maker.h"

namespace maitred::inference::testing {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

class Ir : public ::testing::TestWithParam<Backend> {
 protected:
  static void expect(const IrMaker& ir, const Floats& input, const Floats& wanted) {
    EXPECT_THAT(run_ir(ir, GetParam(), input), Pointwise(FloatNear(1e-5F), wanted));
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, Ir, ::testing::Values(Backend::kOneDnn, Backend::kOpenCv),
                         [](const auto& tested) {
                           return tested.param == Backend::kOneDnn ? "OneDnn" : "OpenCv";
                         });

constexpr char kWindow[] =
    "strides=\"1, 1\" dilations=\"1, 1\" pads_begin=\"1, 1\" pads_end=\"1, 1\" "
    "auto_pad=\"explicit\"";

// Like the first layers of face-reidentification-retail-0095: the scale is folded into the
// convolution, the shift is not, because the padding comes after it.
TEST_P(Ir, ScaledShiftedConvolutionWithHalfConstants) {
  IrMaker ir("1,1,3,3");
  const int scale = ir.floats("1, 1, 1, 1", {0.5F}, true);
  const int shift = ir.floats("1, 1, 1, 1", {1}, true);
  const int weights = ir.floats("1, 1, 3, 3", {0, 1, 0, 0, 2, 0, 0, 0, 0}, true);
  const int bias = ir.floats("1, 1, 1, 1", {0.25F}, true);
  const int slope = ir.floats("1", {0.5F}, true);
  const int scaled = ir.layer("Multiply", "auto_broadcast=\"numpy\"", {0, scale});
  const int shifted = ir.layer("Add", "auto_broadcast=\"numpy\"", {scaled, shift});
  const int conv = ir.layer("Convolution", kWindow, {shifted, weights});
  const int sum = ir.layer("Add", "auto_broadcast=\"numpy\"", {conv, bias});
  ir.result(ir.layer("PReLU", "", {sum, slope}));
  expect(ir, {2, -4, 2, 0, 0, 0, -8, 0, 0},
         {4.25F, -0.875F, 4.25F, 4.25F, 1.25F, 4.25F, -2.375F, 3.25F, 3.25F});
}

TEST_P(Ir, GroupConvolutionAndPooling) {
  IrMaker ir("1,2,2,2");
  const int weights = ir.floats("2, 1, 1, 1, 1", {1, 10});
  const int conv = ir.layer("GroupConvolution",
                            "strides=\"1,1\" dilations=\"1,1\" pads_begin=\"0,0\" pads_end=\"0,0\"",
                            {0, weights});
  ir.result(ir.layer("AvgPool",
                     "kernel=\"2, 2\" strides=\"2, 2\" pads_begin=\"0, 0\" pads_end=\"0, 0\" "
                     "exclude-pad=\"true\" rounding_type=\"floor\"",
                     {conv}));
  expect(ir, {1, 2, 3, 4, 1, 1, 1, 2}, {2.5F, 12.5F});
}

TEST_P(Ir, ReshapeMatMulSigmoid) {
  IrMaker ir("1,2,1,1", 10);
  const int shape = ir.ints({0, -1});
  const int weights = ir.floats("1,2", {1, -1});
  const int flat = ir.layer("Reshape", "special_zero=\"true\"", {0, shape});
  const int product =
      ir.layer("MatMul", "transpose_a=\"false\" transpose_b=\"true\"", {flat, weights});
  ir.result(ir.layer("Sigmoid", "", {product}));
  expect(ir, {3, 3}, {0.5F});
}

TEST_P(Ir, PReluWithAListOfSlopesIsOneAChannel) {
  IrMaker ir("1,2,1,2");
  const int slopes = ir.floats("2", {0.5F, 2});
  ir.result(ir.layer("PReLU", "", {0, slopes}));
  expect(ir, {-2, 1, -2, 1}, {-1, 1, -4, 1});
}

TEST(IrNames, OutputIsCalledAsItsPort) {
  IrMaker ir("1,2");
  ir.result(ir.layer("ReLU", "", {0}));
  const ScratchFolder folder;
  folder.write("m.bin", ir.bin());
  auto network = load_network(folder.write("m.xml", ir.xml()), {});
  ASSERT_TRUE(network) << network.error().message;
  ASSERT_EQ((*network)->outputs().size(), 1U);
  EXPECT_EQ((*network)->outputs()[0].name, "out1");
}

TEST(HalfFloats, AreReadExactly) {
  EXPECT_EQ(half_to_float(0x3c00), 1.0F);
  EXPECT_EQ(half_to_float(0xc000), -2.0F);
  EXPECT_EQ(half_to_float(0x7bff), 65504.0F);
  EXPECT_EQ(half_to_float(0x0400), 0x1p-14F);  // the smallest normal
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24F);  // the smallest at all
  EXPECT_EQ(half_to_float(0x8001), -0x1p-24F);
  EXPECT_EQ(half_to_float(float_to_half(0.15625F)), 0.15625F);
}

}  // namespace
}  // namespace maitred::inference::testing
