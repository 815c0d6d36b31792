// The content of a model file in the terms of its format: operators, tensors and attributes by
// name. The readers give it to the importer. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "maitred/base/result.h"
#include "src/eye/inference/graph/tensor.h"

namespace maitred::inference {

using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                               std::vector<float>, Tensor>;

struct ParsedNode {
  std::string type;
  std::string name;
  std::vector<std::string> inputs;     // tensor names; "" for a missing optional one
  std::vector<std::string> outputs{};  // tensor names
  std::map<std::string, Attribute, std::less<>> attributes;
};

enum class Dialect { kOnnx, kOpenVino };

struct ParsedModel {
  Dialect dialect = Dialect::kOnnx;
  std::int64_t opset = 0;  // ONNX only
  std::string input_name{};
  Shape input_shape{};  // 0 or less for a dimension that the file leaves open
  std::vector<ParsedNode> nodes{};
  std::unordered_map<std::string, Tensor> constants{};
  struct Output {
    std::string name;
    std::string tensor;
  };
  std::vector<Output> outputs{};
};

// Both read untrusted bytes. Their memory is bounded by a small multiple of the bytes given.
// Errors: model_invalid, model_unsupported. In onnx_reader.cpp and ir_reader.cpp.
Result<ParsedModel> read_onnx(std::span<const std::uint8_t> bytes);
Result<ParsedModel> read_ir(std::span<const std::uint8_t> xml, std::span<const std::uint8_t> bin);

}  // namespace maitred::inference
