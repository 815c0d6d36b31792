// Imports ONNX operators that only compute shapes. Exporters write "flatten all but the batch" as
// Shape -> Gather -> Unsqueeze -> Concat -> Reshape. All shapes are known, so these are constants.
#include "importer.h"

namespace maitred::inference {

Status import_constant(Importer& importer, const ParsedNode& node) {
  const auto value = node.attributes.find("value");
  if (value != node.attributes.end()) {
    if (const auto* tensor = std::get_if<Tensor>(&value->second)) {
      return importer.define_constant(node, *tensor);
    }
  }
  const Attributes attributes(node);
  if (attributes.has("value_float")) {
    MAITRED_ASSIGN(const float number, attributes.real("value_float", 0));
    return importer.define_constant(node, Tensor{.floats = {number}});
  }
  if (attributes.has("value_ints") || attributes.has("value_int")) {
    MAITRED_ASSIGN(const std::int64_t number, attributes.integer("value_int", 0));
    MAITRED_ASSIGN(auto numbers, attributes.integers("value_ints", {number}));
    Shape shape;
    if (attributes.has("value_ints")) shape = {static_cast<std::int64_t>(numbers.size())};
    return importer.define_constant(
        node, Tensor{.shape = shape, .integers = std::move(numbers), .is_integer = true});
  }
  return model_unsupported("a constant that is not a tensor or a number");
}

Status import_shape(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const NodeId value, importer.value(node, 0));
  const Shape& shape = importer.shape(value);
  return importer.define_constant(node, Tensor{.shape = {static_cast<std::int64_t>(shape.size())},
                                               .integers = shape,
                                               .is_integer = true});
}

Status import_gather(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const Tensor* data, importer.integers(node, 0));
  MAITRED_ASSIGN(const Tensor* indices, importer.integers(node, 1));
  MAITRED_ASSIGN(const std::int64_t axis, Attributes(node).integer("axis", 0));
  if (data->shape.size() != 1 || axis != 0) return model_unsupported("its data is not a list");
  Tensor gathered{.shape = indices->shape, .is_integer = true};
  for (std::int64_t index : indices->integers) {
    MAITRED_ASSIGN(const std::size_t at, normalised_axis(index, data->integers.size()));
    gathered.integers.push_back(data->integers[at]);
  }
  return importer.define_constant(node, std::move(gathered));
}

Status import_onnx_concat(Importer& importer, const ParsedNode& node) {
  MAITRED_ASSIGN(const std::int64_t axis, Attributes(node).integer("axis", 1));
  const Tensor* first = importer.constant(node, 0);
  if (first == nullptr || !first->is_integer) return import_concatenate(importer, node, axis);
  Tensor joined{.is_integer = true};
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    MAITRED_ASSIGN(const Tensor* part, importer.integers(node, i));
    if (part->shape.size() != 1 || axis != 0) return model_unsupported("its data is not a list");
    if (joined.integers.size() + part->integers.size() > kMaxNodes) {
      return model_invalid("a list of more than " + std::to_string(kMaxNodes) + " integers");
    }
    joined.integers.insert(joined.integers.end(), part->integers.begin(), part->integers.end());
  }
  joined.shape = {static_cast<std::int64_t>(joined.integers.size())};
  return importer.define_constant(node, std::move(joined));
}

}  // namespace maitred::inference
