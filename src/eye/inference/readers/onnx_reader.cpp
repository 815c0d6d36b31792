// Reads ONNX protobuf into a ParsedModel. The only file of this module that uses ONNX's classes.
#include <onnx/onnx_pb.h>

#include "parsed_model.h"

namespace maitred::inference {
namespace {

Result<ElementType> element_type(std::int32_t type, const std::string& name) {
  switch (type) {
    case onnx::TensorProto::FLOAT:
      return ElementType::kFloat32;
    case onnx::TensorProto::FLOAT16:
      return ElementType::kFloat16;
    case onnx::TensorProto::DOUBLE:
      return ElementType::kFloat64;
    case onnx::TensorProto::INT32:
      return ElementType::kInt32;
    case onnx::TensorProto::INT64:
      return ElementType::kInt64;
    default:
      return model_unsupported("tensor " + in_quotes(name) + " has element type " +
                               std::to_string(type) + "; use floats, int32 or int64");
  }
}

template <class Field>
std::span<const std::uint8_t> bytes_of(const Field& field) {
  return {reinterpret_cast<const std::uint8_t*>(field.data()),
          static_cast<std::size_t>(field.size()) * sizeof(*field.data())};
}

Result<Tensor> to_tensor(const onnx::TensorProto& proto) {
  if (proto.data_location() == onnx::TensorProto::EXTERNAL || proto.external_data_size() > 0) {
    return model_unsupported("tensor " + in_quotes(proto.name()) +
                             " is in another file; save the model as one file");
  }
  MAITRED_ASSIGN(const ElementType type, element_type(proto.data_type(), proto.name()));
  const Shape shape(proto.dims().begin(), proto.dims().end());
  Result<Tensor> tensor = [&]() -> Result<Tensor> {
    if (proto.has_raw_data()) return read_tensor(type, shape, bytes_of(proto.raw_data()));
    switch (type) {
      case ElementType::kFloat32:
        return read_tensor(type, shape, bytes_of(proto.float_data()));
      case ElementType::kFloat64:
        return read_tensor(type, shape, bytes_of(proto.double_data()));
      case ElementType::kInt32:
        return read_tensor(type, shape, bytes_of(proto.int32_data()));
      case ElementType::kInt64:
        return read_tensor(type, shape, bytes_of(proto.int64_data()));
      case ElementType::kFloat16:
        break;  // one half float in each int32
    }
    std::vector<std::uint16_t> halves;
    for (std::int32_t value : proto.int32_data()) {
      halves.push_back(static_cast<std::uint16_t>(value));
    }
    return read_tensor(type, shape, bytes_of(halves));
  }();
  if (!tensor) {
    return tl::unexpected(
        Error{tensor.error().fault, tensor.error().code,
              "tensor " + in_quotes(proto.name()) + ": " + tensor.error().message});
  }
  return tensor;
}

Result<Attribute> to_attribute(const onnx::AttributeProto& proto) {
  switch (proto.type()) {
    case onnx::AttributeProto::INT:
      return proto.i();
    case onnx::AttributeProto::FLOAT:
      return proto.f();
    case onnx::AttributeProto::STRING:
      return proto.s();
    case onnx::AttributeProto::INTS:
      return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
    case onnx::AttributeProto::FLOATS:
      return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case onnx::AttributeProto::TENSOR: {
      MAITRED_ASSIGN(Tensor tensor, to_tensor(proto.t()));
      return tensor;
    }
    default:
      return model_unsupported("attribute " + in_quotes(proto.name()) + " has an unsupported type");
  }
}

Result<ParsedNode> to_node(const onnx::NodeProto& proto) {
  ParsedNode node;
  node.type = proto.op_type();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  if (node.outputs.empty()) return model_invalid("a " + in_quotes(node.type) + " has no output");
  node.name = proto.name().empty() ? node.outputs[0] : proto.name();
  if (!proto.domain().empty() && proto.domain() != "ai.onnx") {
    return model_unsupported("node " + in_quotes(node.name) + ": operator " + in_quotes(node.type) +
                             " of domain " + in_quotes(proto.domain()) + " is not supported");
  }
  for (const onnx::AttributeProto& attribute : proto.attribute()) {
    Result<Attribute> value = to_attribute(attribute);
    if (!value) {
      return tl::unexpected(Error{value.error().fault, value.error().code,
                                  "node " + in_quotes(node.name) + " (" + in_quotes(node.type) +
                                      "): " + value.error().message});
    }
    node.attributes.insert_or_assign(attribute.name(), *std::move(value));
  }
  return node;
}

Status read_input(const onnx::GraphProto& graph, ParsedModel& model) {
  for (const onnx::ValueInfoProto& input : graph.input()) {
    if (model.constants.contains(input.name())) continue;  // old files list the weights too
    if (!model.input_name.empty()) {
      return model_unsupported("a second input " + in_quotes(input.name()));
    }
    const auto& type = input.type().tensor_type();
    if (type.elem_type() != onnx::TensorProto::FLOAT) {
      return model_unsupported("input " + in_quotes(input.name()) + " is not of 32-bit floats");
    }
    model.input_name = input.name();
    for (const auto& dimension : type.shape().dim()) {
      model.input_shape.push_back(dimension.has_dim_value() ? dimension.dim_value() : 0);
    }
  }
  if (model.input_name.empty()) return model_invalid("the network has no input");
  return {};
}

}  // namespace

Result<ParsedModel> read_onnx(std::span<const std::uint8_t> bytes) {
  onnx::ModelProto proto;
  if (bytes.size() > kMaxFileBytes ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !proto.has_graph()) {
    return model_invalid("is not an ONNX file, or is truncated; fetch it again");
  }
  const onnx::GraphProto& graph = proto.graph();
  if (static_cast<std::size_t>(graph.output_size()) > kMaxOutputs) {
    return model_invalid("more than " + std::to_string(kMaxOutputs) + " outputs");
  }
  if (static_cast<std::size_t>(graph.node_size()) > kMaxNodes) {
    return model_invalid("more than " + std::to_string(kMaxNodes) + " nodes");
  }
  ParsedModel model{.dialect = Dialect::kOnnx};
  for (const auto& opset : proto.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") model.opset = opset.version();
  }
  if (model.opset < 7) {
    return model_unsupported("opset " + std::to_string(model.opset) + "; 7 and newer are read");
  }
  for (const onnx::TensorProto& initializer : graph.initializer()) {
    MAITRED_ASSIGN(Tensor tensor, to_tensor(initializer));
    model.constants.insert_or_assign(initializer.name(), std::move(tensor));
  }
  MAITRED_TRY(read_input(graph, model));
  for (const onnx::NodeProto& node : graph.node()) {
    MAITRED_ASSIGN(ParsedNode parsed, to_node(node));
    model.nodes.push_back(std::move(parsed));
  }
  for (const onnx::ValueInfoProto& output : graph.output()) {
    model.outputs.push_back({output.name(), output.name()});
  }
  return model;
}

}  // namespace maitred::inference
