#include "importer.h"

#include <charconv>
#include <cmath>

namespace maitred::inference {
namespace {

template <class Number>
bool parse(std::string_view text, Number& number) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool parse_list(std::string_view text, std::vector<std::int64_t>& numbers) {
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::int64_t number = 0;
    if (!parse(text.substr(0, comma), number)) return false;
    numbers.push_back(number);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return true;
}

}  // namespace

const Attribute* Attributes::find(std::string_view name) const {
  const auto found = node_.attributes.find(name);
  return found == node_.attributes.end() ? nullptr : &found->second;
}

tl::unexpected<Error> Attributes::wrong(std::string_view name) const {
  return model_invalid("its attribute " + in_quotes(name) + " has the wrong type or value");
}

Result<std::int64_t> Attributes::integer(std::string_view name, std::int64_t fallback) const {
  const Attribute* attribute = find(name);
  if (attribute == nullptr) return fallback;
  if (const auto* value = std::get_if<std::int64_t>(attribute)) return *value;
  if (const auto* value = std::get_if<std::string>(attribute)) {
    if (*value == "true" || *value == "false") return *value == "true";
    std::int64_t number = 0;
    if (parse(*value, number)) return number;
  }
  return wrong(name);
}

Result<float> Attributes::real(std::string_view name, float fallback) const {
  const Attribute* attribute = find(name);
  if (attribute == nullptr) return fallback;
  float number = NAN;
  if (const auto* value = std::get_if<float>(attribute)) number = *value;
  if (const auto* value = std::get_if<std::string>(attribute)) parse(*value, number);
  if (!std::isfinite(number)) return wrong(name);
  return number;
}

Result<std::string> Attributes::text(std::string_view name, std::string fallback) const {
  const Attribute* attribute = find(name);
  if (attribute == nullptr) return fallback;
  if (const auto* value = std::get_if<std::string>(attribute)) return *value;
  return wrong(name);
}

Result<std::vector<std::int64_t>> Attributes::integers(std::string_view name,
                                                       std::vector<std::int64_t> fallback) const {
  const Attribute* attribute = find(name);
  if (attribute == nullptr) return fallback;
  if (const auto* value = std::get_if<std::vector<std::int64_t>>(attribute)) return *value;
  if (const auto* value = std::get_if<std::string>(attribute)) {
    std::vector<std::int64_t> numbers;
    if (parse_list(*value, numbers)) return numbers;
  }
  return wrong(name);
}

Result<std::array<std::int64_t, 2>> Attributes::pair(std::string_view name,
                                                     std::array<std::int64_t, 2> fallback) const {
  MAITRED_ASSIGN(const auto values, integers(name, {fallback[0], fallback[1]}));
  if (values.size() != 2) {
    return model_unsupported("its attribute " + in_quotes(name) + " does not have two values");
  }
  return std::array<std::int64_t, 2>{values[0], values[1]};
}

Result<NodeId> Importer::find(const std::string& tensor) {
  if (const auto value = values_.find(tensor); value != values_.end()) return value->second;
  const auto constant = model_.constants.find(tensor);
  if (constant == model_.constants.end()) {
    return model_invalid("tensor " + in_quotes(tensor) + " does not exist");
  }
  if (constant->second.is_integer) {
    return model_unsupported("computes with the integer constant " + in_quotes(tensor));
  }
  const Shape shape = constant->second.shape.empty() ? Shape{1} : constant->second.shape;
  MAITRED_ASSIGN(const NodeId id, builder_.add_constant(tensor, shape, constant->second.floats));
  values_[tensor] = id;
  return id;
}

Result<NodeId> Importer::value(const ParsedNode& node, std::size_t index) {
  if (index >= node.inputs.size() || node.inputs[index].empty()) {
    return model_invalid("its input " + std::to_string(index) + " is missing");
  }
  return find(node.inputs[index]);
}

const Tensor* Importer::constant(const ParsedNode& node, std::size_t index) const {
  if (index >= node.inputs.size()) return nullptr;
  const auto found = model_.constants.find(node.inputs[index]);
  return found == model_.constants.end() ? nullptr : &found->second;
}

Result<const Tensor*> Importer::floats(const ParsedNode& node, std::size_t index) const {
  const Tensor* tensor = constant(node, index);
  if (tensor == nullptr || tensor->is_integer) {
    return model_unsupported("its input " + std::to_string(index) + " is not a constant of floats");
  }
  return tensor;
}

Result<const Tensor*> Importer::integers(const ParsedNode& node, std::size_t index) const {
  const Tensor* tensor = constant(node, index);
  if (tensor == nullptr || !tensor->is_integer) {
    return model_unsupported("its input " + std::to_string(index) +
                             " is not a constant of integers");
  }
  return tensor;
}

Result<NodeId> Importer::append(const ParsedNode& node, Operation operation,
                                std::vector<NodeId> inputs) {
  return builder_.add(node.name, std::move(operation), std::move(inputs));
}

Status Importer::emit(const ParsedNode& node, Operation operation, std::vector<NodeId> inputs) {
  MAITRED_ASSIGN(const NodeId id, append(node, std::move(operation), std::move(inputs)));
  return define(node, id);
}

Status Importer::define(const ParsedNode& node, NodeId value) {
  values_[node.outputs[0]] = value;
  return {};
}

Status Importer::define_constant(const ParsedNode& node, Tensor tensor) {
  // Without this limit a short file could copy one large constant many times.
  derived_elements_ += tensor.size();
  if (derived_elements_ > static_cast<std::size_t>(kMaxElements)) {
    return model_invalid("its derived constants are larger than the limit of " +
                         std::to_string(kMaxElements) + " elements");
  }
  model_.constants.insert_or_assign(node.outputs[0], std::move(tensor));
  return {};
}

namespace {

Result<Shape> resolve_input_shape(const Shape& of_file, const Shape& wanted) {
  Shape shape = of_file;
  if (!wanted.empty()) {
    bool fits = of_file.empty() || of_file.size() == wanted.size();
    if (fits && of_file.size() == 4) fits = of_file[1] <= 0 || of_file[1] == wanted[1];
    if (!fits) {
      return model_invalid("its input of shape " + to_text(of_file) + " cannot be " +
                           to_text(wanted) + "; only batch, height and width may differ");
    }
    shape = wanted;
  }
  for (std::int64_t dimension : shape) {
    if (dimension < 1) {
      return model_invalid("its input of shape " + to_text(shape) +
                           " is open or not positive; an input shape must be given");
    }
  }
  if (shape.empty()) return model_invalid("its input has no shape; an input shape must be given");
  return shape;
}

// Sorts the operators that the outputs need, each after those it depends on.
class Sorter {
 public:
  explicit Sorter(const ParsedModel& model) : model_(model), states_(model.nodes.size()) {}

  Result<std::vector<std::size_t>> sort() {
    for (std::size_t i = 0; i < model_.nodes.size(); ++i) {
      for (const std::string& output : model_.nodes[i].outputs) {
        if (output.empty()) continue;
        if (output == model_.input_name || model_.constants.contains(output) ||
            !producers_.emplace(output, i).second) {
          return model_invalid("tensor " + in_quotes(output) + " is made twice");
        }
      }
    }
    for (const ParsedModel::Output& output : model_.outputs) {
      const auto producer = producers_.find(output.tensor);
      if (producer != producers_.end()) MAITRED_TRY(visit(producer->second));
    }
    return std::move(order_);
  }

 private:
  enum class State { kNew, kOpen, kDone };
  struct Visit {
    std::size_t node;
    std::size_t next_input;
  };

  // Depth first, with an explicit stack: a hostile file may be deeper than the program's stack.
  Status visit(std::size_t root) {
    std::vector<Visit> stack;
    if (states_[root] == State::kNew) stack.push_back({root, 0});
    while (!stack.empty()) {
      Visit& top = stack.back();
      const ParsedNode& node = model_.nodes[top.node];
      states_[top.node] = State::kOpen;
      if (top.next_input == node.inputs.size()) {
        states_[top.node] = State::kDone;
        order_.push_back(top.node);
        stack.pop_back();
        continue;
      }
      const auto producer = producers_.find(node.inputs[top.next_input++]);
      if (producer == producers_.end()) continue;
      if (states_[producer->second] == State::kOpen) {
        return model_invalid("node " + in_quotes(node.name) + " depends on itself (a cycle)");
      }
      if (states_[producer->second] == State::kNew) stack.push_back({producer->second, 0});
    }
    return {};
  }

  const ParsedModel& model_;
  std::vector<State> states_;
  std::unordered_map<std::string, std::size_t> producers_;
  std::vector<std::size_t> order_;
};

tl::unexpected<Error> at_node(const ParsedNode& node, const Error& error) {
  const std::string name = "node " + in_quotes(node.name);
  if (error.message.starts_with(name)) return tl::unexpected(error);
  return tl::unexpected(
      Error{error.fault, error.code, name + " (" + in_quotes(node.type) + "): " + error.message});
}

}  // namespace

Result<Graph> import_model(ParsedModel model, const Shape& input_shape) {
  MAITRED_ASSIGN(const Shape shape, resolve_input_shape(model.input_shape, input_shape));
  MAITRED_ASSIGN(const std::vector<std::size_t> order, Sorter(model).sort());
  GraphBuilder builder;
  Importer importer(model, builder);
  MAITRED_ASSIGN(const NodeId input, builder.add_input(model.input_name, shape));
  importer.bind(model.input_name, input);
  const auto find_operator =
      model.dialect == Dialect::kOnnx ? find_onnx_operator : find_ir_operator;
  for (std::size_t index : order) {
    const ParsedNode& node = model.nodes[index];
    const OperatorImport import_operator = find_operator(node.type);
    if (import_operator == nullptr) {
      return model_unsupported("node " + in_quotes(node.name) + ": operator " +
                               in_quotes(node.type) + " is not supported");
    }
    if (Status status = import_operator(importer, node); !status) {
      return at_node(node, status.error());
    }
  }
  std::vector<GraphOutput> outputs;
  for (const ParsedModel::Output& output : model.outputs) {
    MAITRED_ASSIGN(const NodeId node, importer.find(output.tensor));
    outputs.push_back({output.name, node});
  }
  return std::move(builder).build(std::move(outputs));
}

}  // namespace maitred::inference
