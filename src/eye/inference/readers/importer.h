// Imports a ParsedModel as a Graph: sorts the operators, drops those that no output needs, and
// turns each into an operation that holds its constants.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "parsed_model.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// If `input_shape` is not empty, it replaces the file's. Errors: model_invalid, model_unsupported
// (names operator and node).
Result<Graph> import_model(ParsedModel model, const Shape& input_shape);

// The attributes of one operator, whether typed (ONNX) or text (IR).
class Attributes {
 public:
  explicit Attributes(const ParsedNode& node) : node_(node) {}
  bool has(std::string_view name) const { return node_.attributes.contains(name); }
  // Error: model_invalid if the attribute exists and has another type.
  Result<std::int64_t> integer(std::string_view name, std::int64_t fallback) const;
  Result<float> real(std::string_view name, float fallback) const;
  Result<std::string> text(std::string_view name, std::string fallback) const;
  Result<std::vector<std::int64_t>> integers(std::string_view name,
                                             std::vector<std::int64_t> fallback) const;
  // Exactly two, for height and width.
  Result<std::array<std::int64_t, 2>> pair(std::string_view name,
                                           std::array<std::int64_t, 2> fallback) const;

 private:
  const Attribute* find(std::string_view name) const;
  tl::unexpected<Error> wrong(std::string_view name) const;
  const ParsedNode& node_;
};

// Imports the operators of both dialects. An error of these functions need not name the node:
// import_model adds the name.
class Importer {
 public:
  Importer(ParsedModel& model, GraphBuilder& builder) : model_(model), builder_(builder) {}

  // The value of input `index`; a constant becomes a node.
  Result<NodeId> value(const ParsedNode& node, std::size_t index);
  // Null if input `index` is missing or not a constant.
  const Tensor* constant(const ParsedNode& node, std::size_t index) const;
  // Error: model_unsupported if the input is not a constant of floats (or of integers).
  Result<const Tensor*> floats(const ParsedNode& node, std::size_t index) const;
  Result<const Tensor*> integers(const ParsedNode& node, std::size_t index) const;

  // Adds an operation on `inputs`, as the node's first output.
  Status emit(const ParsedNode& node, Operation operation, std::vector<NodeId> inputs);
  Result<NodeId> append(const ParsedNode& node, Operation operation, std::vector<NodeId> inputs);
  Status define(const ParsedNode& node, NodeId value);
  Status define_constant(const ParsedNode& node, Tensor tensor);

  const Shape& shape(NodeId id) const { return builder_.shape(id); }
  std::int64_t opset() const { return model_.opset; }

  void bind(const std::string& tensor, NodeId value) { values_[tensor] = value; }
  Result<NodeId> find(const std::string& tensor);

 private:
  ParsedModel& model_;
  GraphBuilder& builder_;
  std::unordered_map<std::string, NodeId> values_;
  std::size_t derived_elements_ = 0;
};

using OperatorImport = Status (*)(Importer&, const ParsedNode&);
// Null for an unsupported operator.
OperatorImport find_onnx_operator(std::string_view type);
OperatorImport find_ir_operator(std::string_view type);

// Shared by the dialects, in common_operators.cpp.
Status import_identity(Importer& importer, const ParsedNode& node);
Status import_binary(Importer& importer, const ParsedNode& node, BinaryKind kind);
Status import_activation(Importer& importer, const ParsedNode& node, Activation activation);
Status import_softmax(Importer& importer, const ParsedNode& node, std::int64_t axis);
Status import_concatenate(Importer& importer, const ParsedNode& node, std::int64_t axis);
Status import_prelu(Importer& importer, const ParsedNode& node);
Status import_global_average(Importer& importer, const ParsedNode& node);
Status import_reduce_mean(Importer& importer, const ParsedNode& node,
                          const std::vector<std::int64_t>& axes, bool keep_dimensions);
Status import_transpose(Importer& importer, const ParsedNode& node,
                        const std::vector<std::int64_t>& order);
// `wanted` may hold one -1, and zeros if `copy_zeros`.
Status import_reshape(Importer& importer, const ParsedNode& node, const Shape& wanted,
                      bool copy_zeros);
Status import_squeeze(Importer& importer, const ParsedNode& node,
                      const std::vector<std::int64_t>& axes);
Status import_unsqueeze(Importer& importer, const ParsedNode& node, std::vector<std::int64_t> axes);
Status import_upsample(Importer& importer, const ParsedNode& node, double scale_height,
                       double scale_width);
// x [rows, in] times weights [in, out], or [out, in] if `transposed`.
Status import_linear(Importer& importer, const ParsedNode& node, const Tensor& weights,
                     bool transposed, std::vector<float> bias);

// Negative axes count from the end. Error: model_invalid.
Result<std::size_t> normalised_axis(std::int64_t axis, std::size_t rank);
enum class AutoPad { kExplicit, kSameUpper, kSameLower, kValid };
void apply_auto_pad(AutoPad mode, const Shape& input, Window& window);
// Extends the padding at the end so that the last, partial window counts.
void apply_ceil_mode(const Shape& input, Window& window);

}  // namespace maitred::inference
