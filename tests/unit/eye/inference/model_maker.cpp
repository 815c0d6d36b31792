#include "tests/unit/eye/inference/model_maker.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

namespace maitred::inference::testing {

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "maitred-inference-XXXXXX").string();
  path_ = mkdtemp(name.data());
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path ScratchFolder::write(const std::string& name,
                                           const std::string& bytes) const {
  std::ofstream(path_ / name, std::ios::binary) << bytes;
  return path_ / name;
}

struct OnnxMaker::Proto {
  onnx::ModelProto model;
};

OnnxMaker::OnnxMaker(const Ints& input_shape, std::int64_t opset)
    : proto_(std::make_unique<Proto>()) {
  proto_->model.set_ir_version(6);
  proto_->model.add_opset_import()->set_version(opset);
  auto* input = proto_->model.mutable_graph()->add_input();
  input->set_name("x");
  auto* type = input->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (std::int64_t dimension : input_shape) {
    type->mutable_shape()->add_dim()->set_dim_value(dimension);
  }
}

OnnxMaker::OnnxMaker(OnnxMaker&&) noexcept = default;
OnnxMaker::~OnnxMaker() = default;

OnnxMaker& OnnxMaker::floats(const std::string& name, const Ints& shape, const Floats& values) {
  auto* tensor = proto_->model.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (std::int64_t dimension : shape) tensor->add_dims(dimension);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return *this;
}

OnnxMaker& OnnxMaker::ints(const std::string& name, const Ints& values) {
  auto* tensor = proto_->model.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<std::int64_t>(values.size()));
  for (std::int64_t value : values) tensor->add_int64_data(value);
  return *this;
}

OnnxMaker& OnnxMaker::node(const std::string& type, const std::vector<std::string>& inputs,
                           const std::string& output,
                           const std::vector<OnnxAttribute>& attributes) {
  auto* node = proto_->model.mutable_graph()->add_node();
  node->set_op_type(type);
  node->set_name("node " + output);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  for (const OnnxAttribute& attribute : attributes) {
    auto* proto = node->add_attribute();
    proto->set_name(attribute.name);
    switch (attribute.kind) {
      case 'i':
        proto->set_type(onnx::AttributeProto::INT);
        proto->set_i(attribute.ints[0]);
        break;
      case 'f':
        proto->set_type(onnx::AttributeProto::FLOAT);
        proto->set_f(attribute.real);
        break;
      case 's':
        proto->set_type(onnx::AttributeProto::STRING);
        proto->set_s(attribute.text);
        break;
      default:
        proto->set_type(onnx::AttributeProto::INTS);
        for (std::int64_t value : attribute.ints) proto->add_ints(value);
    }
  }
  return *this;
}

OnnxMaker& OnnxMaker::output(const std::string& name) {
  proto_->model.mutable_graph()->add_output()->set_name(name);
  return *this;
}

std::string OnnxMaker::bytes() const { return proto_->model.SerializeAsString(); }

IrMaker::IrMaker(const std::string& input_shape, int version) : version_(version) {
  layers_ = "<layer id=\"0\" name=\"input\" type=\"Parameter\"><data shape=\"" + input_shape +
            "\" element_type=\"f32\"/><output><port id=\"0\"/></output></layer>\n";
}

int IrMaker::constant(const std::string& type, const std::string& shape, const std::string& bytes) {
  const int id = next_++;
  layers_ += "<layer id=\"" + std::to_string(id) + "\" name=\"c" + std::to_string(id) +
             "\" type=\"Const\"><data element_type=\"" + type + "\" shape=\"" + shape +
             "\" offset=\"" + std::to_string(bin_.size()) + "\" size=\"" +
             std::to_string(bytes.size()) + "\"/><output><port id=\"9\"/></output></layer>\n";
  bin_ += bytes;
  return id;
}

int IrMaker::floats(const std::string& shape, const Floats& values, bool halves) {
  std::string bytes;
  for (float value : values) {
    if (halves) {
      const std::uint16_t half = float_to_half(value);
      bytes.append(reinterpret_cast<const char*>(&half), sizeof half);
    } else {
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  const int id = constant(halves ? "f16" : "f32", shape, bytes);
  return halves ? layer("Convert", "destination_type=\"f32\"", {id}) : id;
}

int IrMaker::ints(const Ints& values) {
  std::string bytes(reinterpret_cast<const char*>(values.data()),
                    values.size() * sizeof(std::int64_t));
  return constant("i64", std::to_string(values.size()), bytes);
}

int IrMaker::layer(const std::string& type, const std::string& data,
                   const std::vector<int>& inputs) {
  const int id = next_++;
  std::string ports;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ports += "<port id=\"" + std::to_string(i) + "\"/>";
    edges_ += "<edge from-layer=\"" + std::to_string(inputs[i]) + "\" from-port=\"" +
              (inputs[i] == 0 ? "0" : "9") + "\" to-layer=\"" + std::to_string(id) +
              "\" to-port=\"" + std::to_string(i) + "\"/>\n";
  }
  layers_ += "<layer id=\"" + std::to_string(id) + "\" name=\"layer " + std::to_string(id) +
             "\" type=\"" + type + "\"><data " + data + "/><input>" + ports +
             "</input><output><port id=\"9\" names=\"out" + std::to_string(id) +
             ",alias\"/></output></layer>\n";
  return id;
}

void IrMaker::result(int of) { layer("Result", "", {of}); }

std::string IrMaker::xml() const {
  return "<?xml version=\"1.0\"?>\n<net name=\"test\" version=\"" + std::to_string(version_) +
         "\"><layers>\n" + layers_ + "</layers><edges>\n" + edges_ + "</edges></net>\n";
}

std::uint16_t float_to_half(float value) {
  if (value == 0) return 0;
  int exponent = 0;
  const float mantissa = std::frexp(std::fabs(value), &exponent);  // [0.5, 1)
  const auto bits = static_cast<unsigned>(std::lround((mantissa * 2 - 1) * 1024));
  const auto biased = static_cast<unsigned>(exponent - 1 + 15);
  return static_cast<std::uint16_t>((value < 0 ? 0x8000u : 0u) + (biased << 10) + bits);
}

namespace {

Floats run_file(const std::filesystem::path& path, Backend backend, const Floats& input) {
  NetworkOptions options;
  options.backend = backend;
  auto network = load_network(path, options);
  if (!network) {
    ADD_FAILURE() << network.error().message;
    return {};
  }
  if ((*network)->input().size() != input.size()) {
    ADD_FAILURE() << "the input takes " << (*network)->input().size() << " floats";
    return {};
  }
  std::copy(input.begin(), input.end(), (*network)->input().begin());
  for (int run = 0; run < 2; ++run) {  // the second run must not see the first's leftovers
    if (Status status = (*network)->run(); !status) ADD_FAILURE() << status.error().message;
  }
  const auto output = (*network)->output(0);
  return {output.begin(), output.end()};
}

}  // namespace

Floats run_onnx(const std::string& bytes, Backend backend, const Floats& input) {
  const ScratchFolder folder;
  return run_file(folder.write("model.onnx", bytes), backend, input);
}

Floats run_ir(const IrMaker& ir, Backend backend, const Floats& input) {
  const ScratchFolder folder;
  folder.write("model.bin", ir.bin());
  return run_file(folder.write("model.xml", ir.xml()), backend, input);
}

Error error_of_onnx(const std::string& bytes) {
  const ScratchFolder folder;
  const auto network = load_network(folder.write("model.onnx", bytes), {});
  return network ? Error{Fault::kNo, "none", ""} : network.error();
}

Error error_of_ir(const std::string& xml, const std::string& bin) {
  const ScratchFolder folder;
  folder.write("model.bin", bin);
  const auto network = load_network(folder.write("model.xml", xml), {});
  return network ? Error{Fault::kNo, "none", ""} : network.error();
}

Floats noise(std::size_t count, unsigned seed) {
  Floats values(count);
  unsigned state = seed * 2654435761u + 12345u;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / static_cast<float>(1u << 23) - 1.0F;
  }
  return values;
}

}  // namespace maitred::inference::testing
