// Reads OpenVINO IR, versions 10 and 11 (an .xml of layers and edges, a .bin of constants), into a
// ParsedModel. The name of a tensor is "layer id:port id".
#include <charconv>
#include <pugixml.hpp>

#include "parsed_model.h"

namespace maitred::inference {
namespace {

constexpr std::size_t kMaxXmlBytes = std::size_t{64} << 20;

std::string port_name(const char* layer, const char* port) {
  return std::string(layer) + ":" + port;
}

template <class Number>
Result<Number> to_number(std::string_view text, const char* what) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return model_invalid(std::string(what) + " " + in_quotes(text) + " is not a number");
  }
  return number;
}

Result<Shape> to_shape(std::string_view text) {
  Shape shape;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (part == "?" || part == "-1") part = "0";  // open
    MAITRED_ASSIGN(const auto dimension, to_number<std::int64_t>(part, "dimension"));
    shape.push_back(dimension);
    if (shape.size() > kMaxRank) return model_invalid("shape " + in_quotes(text) + " is too long");
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return shape;
}

Result<ElementType> element_type(std::string_view type) {
  if (type == "f16" || type == "FP16") return ElementType::kFloat16;
  if (type == "f32" || type == "FP32") return ElementType::kFloat32;
  if (type == "f64" || type == "FP64") return ElementType::kFloat64;
  if (type == "i32" || type == "I32") return ElementType::kInt32;
  if (type == "i64" || type == "I64") return ElementType::kInt64;
  return model_unsupported("element type " + in_quotes(type) + "; use f16, f32, i32 or i64");
}

Result<Tensor> read_constant(const pugi::xml_node& layer, std::span<const std::uint8_t> bin) {
  const pugi::xml_node data = layer.child("data");
  const char* type_name = data.attribute("element_type").value();
  if (*type_name == '\0')
    type_name = layer.child("output").child("port").attribute("precision").value();
  MAITRED_ASSIGN(const ElementType type, element_type(type_name));
  MAITRED_ASSIGN(const Shape shape, to_shape(data.attribute("shape").value()));
  MAITRED_ASSIGN(const auto offset,
                 to_number<std::uint64_t>(data.attribute("offset").value(), "offset"));
  MAITRED_ASSIGN(const auto size, to_number<std::uint64_t>(data.attribute("size").value(), "size"));
  if (offset > bin.size() || size > bin.size() - offset) {
    return model_invalid("its bytes " + std::to_string(offset) + " to " + std::to_string(offset) +
                         "+" + std::to_string(size) + " are outside the .bin file of " +
                         std::to_string(bin.size()) + " bytes");
  }
  return read_tensor(type, shape, bin.subspan(offset, size));
}

class IrReader {
 public:
  IrReader(const pugi::xml_node& net, std::span<const std::uint8_t> bin) : net_(net), bin_(bin) {}

  Result<ParsedModel> read() {
    MAITRED_TRY(read_edges());
    for (const pugi::xml_node& layer : net_.child("layers").children("layer")) {
      Status status = read_layer(layer);
      if (!status) {
        return tl::unexpected(Error{status.error().fault, status.error().code,
                                    "layer " + in_quotes(layer.attribute("name").value()) + " (" +
                                        in_quotes(layer.attribute("type").value()) +
                                        "): " + status.error().message});
      }
    }
    if (model_.input_name.empty()) return model_invalid("the network has no Parameter");
    if (model_.outputs.empty()) return model_invalid("the network has no Result");
    return std::move(model_);
  }

 private:
  Status read_edges() {
    for (const pugi::xml_node& edge : net_.child("edges").children("edge")) {
      const std::string to =
          port_name(edge.attribute("to-layer").value(), edge.attribute("to-port").value());
      const bool added = sources_
                             .emplace(to, port_name(edge.attribute("from-layer").value(),
                                                    edge.attribute("from-port").value()))
                             .second;
      if (!added) return model_invalid("two edges lead to port " + in_quotes(to));
    }
    return {};
  }

  Status read_layer(const pugi::xml_node& layer) {
    if (++layers_ > kMaxNodes) {
      return model_invalid("more than " + std::to_string(kMaxNodes) + " layers");
    }
    const std::string_view type = layer.attribute("type").value();
    if (type == "Parameter") return read_parameter(layer);
    if (type == "Result") return read_result(layer);
    if (type == "Const") {
      const pugi::xml_node port = layer.child("output").child("port");
      MAITRED_ASSIGN(Tensor tensor, read_constant(layer, bin_));
      constant_bytes_ +=
          tensor.floats.size() * sizeof(float) + tensor.integers.size() * sizeof(std::int64_t);
      // Constants may share bytes, so the size of the .bin file does not bound their sum.
      if (constant_bytes_ > 8 * bin_.size()) {
        return model_invalid("its constants share bytes of the .bin file too often");
      }
      model_.constants.insert_or_assign(
          port_name(layer.attribute("id").value(), port.attribute("id").value()),
          std::move(tensor));
      return {};
    }
    return read_operator(layer);
  }

  Status read_parameter(const pugi::xml_node& layer) {
    if (!model_.input_name.empty()) return model_unsupported("a second input");
    const std::string_view type = layer.child("data").attribute("element_type").value();
    if (!type.empty() && type != "f32" && type != "f16") {
      return model_unsupported("an input of " + in_quotes(type) + " instead of f32");
    }
    MAITRED_ASSIGN(model_.input_shape, to_shape(layer.child("data").attribute("shape").value()));
    model_.input_name = port_name(layer.attribute("id").value(),
                                  layer.child("output").child("port").attribute("id").value());
    return {};
  }

  Status read_result(const pugi::xml_node& layer) {
    const std::string tensor = source_of(layer, layer.child("input").child("port"));
    if (tensor.empty()) return model_invalid("no edge leads to it");
    if (model_.outputs.size() == kMaxOutputs) return model_invalid("too many outputs");
    model_.outputs.push_back({output_name(tensor), tensor});
    return {};
  }

  // Returns the first name of the port (IR v11), else the name of its layer.
  std::string output_name(const std::string& tensor) const {
    for (const pugi::xml_node& layer : net_.child("layers").children("layer")) {
      const char* id = layer.attribute("id").value();
      for (const pugi::xml_node& port : layer.child("output").children("port")) {
        if (port_name(id, port.attribute("id").value()) != tensor) continue;
        const std::string names = port.attribute("names").value();
        if (!names.empty()) return names.substr(0, names.find(','));
        return layer.attribute("name").value();
      }
    }
    return tensor;
  }

  Status read_operator(const pugi::xml_node& layer) {
    ParsedNode node;
    node.type = layer.attribute("type").value();
    node.name = layer.attribute("name").value();
    for (const pugi::xml_attribute& attribute : layer.child("data").attributes()) {
      node.attributes.insert_or_assign(attribute.name(), std::string(attribute.value()));
    }
    for (const pugi::xml_node& port : layer.child("input").children("port")) {
      node.inputs.push_back(source_of(layer, port));
    }
    for (const pugi::xml_node& port : layer.child("output").children("port")) {
      node.outputs.push_back(
          port_name(layer.attribute("id").value(), port.attribute("id").value()));
    }
    if (node.outputs.empty()) return model_invalid("it has no output");
    model_.nodes.push_back(std::move(node));
    return {};
  }

  std::string source_of(const pugi::xml_node& layer, const pugi::xml_node& port) const {
    const auto source =
        sources_.find(port_name(layer.attribute("id").value(), port.attribute("id").value()));
    return source == sources_.end() ? std::string() : source->second;
  }

  pugi::xml_node net_;
  std::span<const std::uint8_t> bin_;
  ParsedModel model_{.dialect = Dialect::kOpenVino};
  std::unordered_map<std::string, std::string> sources_;  // "to-layer:port" -> "from-layer:port"
  std::size_t layers_ = 0;
  std::size_t constant_bytes_ = 0;
};

}  // namespace

Result<ParsedModel> read_ir(std::span<const std::uint8_t> xml, std::span<const std::uint8_t> bin) {
  if (xml.size() > kMaxXmlBytes) return model_invalid("the .xml file is larger than 64 MiB");
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  const pugi::xml_node net = document.child("net");
  if (!parsed || !net) {
    return model_invalid("is not an OpenVINO IR .xml file, or is truncated (" +
                         std::string(parsed.description()) + "); fetch it again");
  }
  const std::string_view version = net.attribute("version").value();
  if (version != "10" && version != "11") {
    return model_unsupported("IR version " + in_quotes(version) + "; versions 10 and 11 are read");
  }
  return IrReader(net, bin).read();
}

}  // namespace maitred::inference
