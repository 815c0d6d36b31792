// Broken and hostile model files: a clear error, never a crash, never a lot of memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/eye/inference/model_maker.h"

namespace maitred::inference::testing {
namespace {

using ::testing::AllOf;
using ::testing::Field;
using ::testing::HasSubstr;

auto is_error(const std::string& code, const std::string& words) {
  return AllOf(Field(&Error::code, code), Field(&Error::message, HasSubstr(words)));
}

OnnxMaker small_conv() {
  OnnxMaker maker({1, 1, 3, 3});
  maker.floats("w", {1, 1, 3, 3}, Floats(9, 1));
  return maker;
}

TEST(MalformedOnnx, NotAnOnnxFile) {
  EXPECT_THAT(error_of_onnx(""), is_error("model_invalid", "not an ONNX file"));
  EXPECT_THAT(error_of_onnx("this is a text, not a network"),
              is_error("model_invalid", "not an ONNX file"));
}

TEST(MalformedOnnx, EveryTruncationIsRefused) {
  OnnxMaker maker = small_conv();
  maker.node("Conv", {"x", "w"}, "y").output("y");
  const std::string whole = maker.bytes();
  ASSERT_EQ(error_of_onnx(whole).code, "none");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string code = error_of_onnx(whole.substr(0, length)).code;
    EXPECT_TRUE(code == "model_invalid" || code == "model_unsupported") << length << ": " << code;
  }
}

TEST(MalformedOnnx, UnknownOperatorIsNamed) {
  OnnxMaker maker({1, 4});
  maker.node("FancyNorm", {"x"}, "y").output("y");
  EXPECT_THAT(error_of_onnx(maker.bytes()), is_error("model_unsupported", "'FancyNorm'"));
  EXPECT_THAT(error_of_onnx(maker.bytes()), is_error("model_unsupported", "node 'node y'"));
}

TEST(MalformedOnnx, UnknownOperatorThatNoOutputNeedsDoesNotMatter) {
  OnnxMaker maker({1, 4});
  maker.node("FancyNorm", {"x"}, "unused").node("Relu", {"x"}, "y").output("y");
  EXPECT_EQ(error_of_onnx(maker.bytes()).code, "none");
}

TEST(MalformedOnnx, Cycle) {
  OnnxMaker maker({1, 4});
  maker.node("Add", {"x", "b"}, "a").node("Relu", {"a"}, "b").output("b");
  EXPECT_THAT(error_of_onnx(maker.bytes()), is_error("model_invalid", "cycle"));
}

TEST(MalformedOnnx, MissingAndDoubleTensors) {
  OnnxMaker missing({1, 4});
  missing.node("Relu", {"ghost"}, "y").output("y");
  EXPECT_THAT(error_of_onnx(missing.bytes()), is_error("model_invalid", "'ghost'"));
  OnnxMaker twice({1, 4});
  twice.node("Relu", {"x"}, "y").node("Sigmoid", {"x"}, "y").output("y");
  EXPECT_THAT(error_of_onnx(twice.bytes()), is_error("model_invalid", "made twice"));
  OnnxMaker no_output({1, 4});
  no_output.node("Relu", {"x"}, "y");
  EXPECT_THAT(error_of_onnx(no_output.bytes()), is_error("model_invalid", "no output"));
}

TEST(MalformedOnnx, ConstantsThatDoNotFitTheirShapes) {
  const std::int64_t huge = std::int64_t{1} << 40;
  const std::int64_t half = std::int64_t{1} << 32;
  const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  for (const Ints& shape : std::vector<Ints>{{1, 1, 3, 4},
                                             {1, 1, -3, -3},
                                             {huge},
                                             {half, half},
                                             {lowest, lowest},
                                             {0, 9},
                                             Ints(20, 1)}) {
    OnnxMaker maker({1, 1, 3, 3});
    maker.floats("w", shape, Floats(9, 1)).node("Conv", {"x", "w"}, "y").output("y");
    EXPECT_EQ(error_of_onnx(maker.bytes()).code, "model_invalid")
        << ::testing::PrintToString(shape);
  }
}

TEST(MalformedOnnx, InputsThatAreTooLargeOrNegative) {
  for (const Ints& shape :
       std::vector<Ints>{{1, 3, 100'000, 100'000}, {1, 3, -4, 4}, {}, {1, 3, 0, 4}}) {
    OnnxMaker maker(shape);
    maker.node("Relu", {"x"}, "y").output("y");
    EXPECT_EQ(error_of_onnx(maker.bytes()).code, "model_invalid")
        << ::testing::PrintToString(shape);
  }
}

TEST(MalformedOnnx, ValuesThatGrowWithoutBound) {
  OnnxMaker maker({1, 1024});
  std::string last = "x";
  for (int i = 0; i < 60; ++i) {
    const std::string next = std::to_string(i);
    maker.node("Concat", {last, last}, next, {{"axis", 1}});
    last = next;
  }
  maker.output(last);
  EXPECT_THAT(error_of_onnx(maker.bytes()), is_error("model_invalid", "limit"));
}

TEST(MalformedOnnx, TooManyNodes) {
  OnnxMaker maker({1, 4});
  for (int i = 0; i < 20'001; ++i) maker.node("Relu", {"x"}, std::to_string(i));
  maker.output("1");
  EXPECT_THAT(error_of_onnx(maker.bytes()), is_error("model_invalid", "nodes"));
}

TEST(MalformedOnnx, DeepChainDoesNotExhaustTheStack) {
  OnnxMaker maker({1, 4});
  std::string last = "x";
  for (int i = 0; i < 15'000; ++i) {
    maker.node("Identity", {last}, std::to_string(i));
    last = std::to_string(i);
  }
  maker.node("Relu", {last}, "y").output("y");
  EXPECT_EQ(error_of_onnx(maker.bytes()).code, "none");
}

TEST(MalformedOnnx, ConvolutionsWithImpossibleAttributes) {
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  for (const OnnxAttribute& attribute :
       std::vector<OnnxAttribute>{{"strides", Ints{0, 1}},
                                  {"strides", Ints{huge, 1}},
                                  {"dilations", Ints{0, 1}},
                                  {"dilations", Ints{huge, huge}},
                                  {"pads", Ints{-1, 0, 0, 0}},
                                  {"pads", Ints{huge, huge, huge, huge}},
                                  {"group", 0},
                                  {"group", -1},
                                  {"group", huge},
                                  {"group", 2},
                                  {"kernel_shape", Ints{5, 5}},
                                  {"kernel_shape", Ints{huge, 1}}}) {
    OnnxMaker maker = small_conv();
    maker.node("Conv", {"x", "w"}, "y", {attribute}).output("y");
    EXPECT_EQ(error_of_onnx(maker.bytes()).code, "model_invalid")
        << attribute.name << ::testing::PrintToString(attribute.ints);
  }
  OnnxMaker large({1, 1, 2, 2});
  large.floats("w", {1, 1, 3, 3}, Floats(9, 1)).node("Conv", {"x", "w"}, "y").output("y");
  EXPECT_THAT(error_of_onnx(large.bytes()), is_error("model_invalid", "larger than its input"));
}

TEST(MalformedOnnx, OtherOperatorsWithImpossibleAttributes) {
  const auto code_of = [](const std::string& type, const std::vector<OnnxAttribute>& attributes) {
    OnnxMaker maker({1, 1, 2, 2});
    maker.node(type, {"x"}, "y", attributes).output("y");
    return error_of_onnx(maker.bytes()).code;
  };
  EXPECT_EQ(code_of("MaxPool", {}), "model_invalid");
  EXPECT_EQ(code_of("MaxPool", {{"kernel_shape", Ints{9, 9}}}), "model_invalid");
  EXPECT_EQ(code_of("MaxPool", {{"kernel_shape", Ints{1, 1}}, {"pads", Ints{1, 1, 1, 1}}}),
            "model_invalid");
  EXPECT_EQ(code_of("Transpose", {{"perm", Ints{0, 1, 2, 2}}}), "model_invalid");
  EXPECT_EQ(code_of("Transpose", {{"perm", Ints{0, 1, 2, 9}}}), "model_invalid");
  EXPECT_EQ(code_of("Softmax", {{"axis", 7}}), "model_invalid");
  EXPECT_EQ(code_of("Unsqueeze", {{"axes", Ints{0, 0, 0, 0, 0}}}), "model_invalid");
  EXPECT_EQ(code_of("Unsqueeze", {{"axes", Ints{77}}}), "model_invalid");
  EXPECT_EQ(code_of("Squeeze", {{"axes", Ints{2}}}), "model_invalid");
  EXPECT_EQ(code_of("LeakyRelu", {{"alpha", "steep"}}), "model_invalid");
}

TEST(MalformedOnnx, ReshapesThatDoNotFit) {
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  for (const Ints& wanted : std::vector<Ints>{{3, -1}, {-1, -1}, {5}, {-2, 2}, {huge, huge}, {}}) {
    OnnxMaker maker({1, 4});
    maker.ints("wanted", wanted).node("Reshape", {"x", "wanted"}, "y").output("y");
    EXPECT_EQ(error_of_onnx(maker.bytes()).code, "model_invalid")
        << ::testing::PrintToString(wanted);
  }
}

TEST(MalformedOnnx, NamesInMessagesAreHarmless) {
  OnnxMaker maker({1, 4});
  maker.node(std::string("Evil\n\x1b[31m").append(5000, 'A'), {"x"}, "y").output("y");
  const Error error = error_of_onnx(maker.bytes());
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
  EXPECT_LT(error.message.size(), 400U);
}

TEST(MalformedIr, NotAnIrFile) {
  EXPECT_THAT(error_of_ir("", ""), is_error("model_invalid", "not an OpenVINO IR"));
  EXPECT_THAT(error_of_ir("<html></html>", ""), is_error("model_invalid", "not an OpenVINO IR"));
  EXPECT_THAT(error_of_ir("<net version=\"7\"/>", ""), is_error("model_unsupported", "version"));
  EXPECT_EQ(error_of_ir("<net version=\"11\"/>", "").code, "model_invalid");
}

IrMaker small_ir() {
  IrMaker ir("1,2,1,1");
  const int scale = ir.floats("1,2,1,1", {1, 2});
  ir.result(ir.layer("Multiply", "", {0, scale}));
  return ir;
}

TEST(MalformedIr, EveryTruncationIsRefused) {
  const IrMaker ir = small_ir();
  ASSERT_EQ(error_of_ir(ir.xml(), ir.bin()).code, "none");
  const std::string xml = ir.xml();
  for (std::size_t length = 0; length + 2 < xml.size(); length += 7) {
    const std::string code = error_of_ir(xml.substr(0, length), ir.bin()).code;
    EXPECT_TRUE(code == "model_invalid" || code == "model_unsupported") << length << ": " << code;
  }
  for (std::size_t length = 0; length < ir.bin().size(); ++length) {
    EXPECT_THAT(error_of_ir(xml, ir.bin().substr(0, length)),
                is_error("model_invalid", "outside the .bin file"));
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(MalformedIr, ConstantsOutsideTheBinFile) {
  const IrMaker ir = small_ir();
  const auto code_with = [&](const std::string& from, const std::string& to) {
    return error_of_ir(replaced(ir.xml(), from, to), ir.bin()).code;
  };
  EXPECT_EQ(code_with("offset=\"0\"", "offset=\"4\""), "model_invalid");
  EXPECT_EQ(code_with("offset=\"0\"", "offset=\"-8\""), "model_invalid");
  EXPECT_EQ(code_with("offset=\"0\"", "offset=\"18446744073709551608\""), "model_invalid");
  EXPECT_EQ(code_with("size=\"8\"", "size=\"18446744073709551615\""), "model_invalid");
  EXPECT_EQ(code_with("size=\"8\"", "size=\"4\""), "model_invalid");
  EXPECT_EQ(code_with("shape=\"1,2,1,1\" offset", "shape=\"1,-2,1,1\" offset"), "model_invalid");
  EXPECT_EQ(code_with("shape=\"1,2,1,1\" offset", "shape=\"1,two,1,1\" offset"), "model_invalid");
  EXPECT_EQ(code_with("shape=\"1,2,1,1\" offset", "shape=\"4294967296,4294967296\" offset"),
            "model_invalid");
  EXPECT_EQ(code_with("element_type=\"f32\" shape=\"1,2,1,1\" offset",
                      "element_type=\"u4\" shape=\"1,2,1,1\" offset"),
            "model_unsupported");
}

TEST(MalformedIr, EdgesThatLeadNowhereOrInCircles) {
  const IrMaker ir = small_ir();
  EXPECT_EQ(error_of_ir(replaced(ir.xml(), "from-layer=\"1\"", "from-layer=\"77\""), ir.bin()).code,
            "model_invalid");
  EXPECT_THAT(error_of_ir(replaced(ir.xml(), "from-layer=\"0\" from-port=\"0\"",
                                   "from-layer=\"2\" from-port=\"9\""),
                          ir.bin()),
              is_error("model_invalid", "cycle"));
}

TEST(MalformedIr, UnknownOperatorIsNamed) {
  IrMaker ir("1,2");
  ir.result(ir.layer("DeformableConvolution", "", {0}));
  EXPECT_THAT(error_of_ir(ir.xml(), ir.bin()),
              is_error("model_unsupported", "'DeformableConvolution'"));
}

TEST(MissingFiles, AreNamed) {
  const ScratchFolder folder;
  EXPECT_EQ(load_network("nowhere/model.onnx", {}).error().code, "file_missing");
  EXPECT_EQ(load_network(folder.write("m.xml", small_ir().xml()), {}).error().code, "file_missing");
  EXPECT_EQ(load_network(folder.write("m.pb", "x"), {}).error().code, "model_unsupported");
}

}  // namespace
}  // namespace maitred::inference::testing
