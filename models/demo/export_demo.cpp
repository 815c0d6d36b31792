// Writes the trained network of the `demo` engine as ONNX, and records the templates that dlib
// computes with it for some drawn faces. See README.md beside this file.
#include <onnx/onnx_pb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "models/demo/golden_face.h"
#include "models/demo/network.h"

namespace maitred::demo {
namespace {

// A convolution with the following fixed batch norm folded into it.
struct Convolution {
  long filters = 0, inputs = 0, side = 0, stride = 0, pad = 0;
  std::vector<float> weights;  // [filters][inputs][side][side]
  std::vector<float> bias;
};

struct Weights {
  std::vector<Convolution> convolutions;  // from the input
  std::vector<float> end;                 // [inputs][kDemoTemplateLength]
};

template <class Layer>
concept IsConvolution = requires(Layer layer) {
  layer.num_filters();
  layer.padding_y();
};

std::vector<float> values_of(const dlib::tensor& tensor) {
  return {tensor.host(), tensor.host() + tensor.size()};
}

struct Norm {
  std::vector<float> scale, shift;
};

template <class Layer>
Convolution convolution_of(const Layer& layer, const Norm& norm) {
  const auto filters = static_cast<std::size_t>(layer.num_filters());
  if (norm.scale.size() != filters) throw std::runtime_error("a batch norm of another length");
  Convolution conv{layer.num_filters(), 0, layer.nr(), layer.stride_y(), layer.padding_y(), {}, {}};
  conv.weights = values_of(layer.get_layer_params());
  conv.bias.assign(filters, 0.0F);
  if (!layer.bias_is_disabled()) {
    std::copy(conv.weights.end() - layer.num_filters(), conv.weights.end(), conv.bias.begin());
    conv.weights.resize(conv.weights.size() - filters);
  }
  const std::size_t per_filter = conv.weights.size() / filters;
  conv.inputs = static_cast<long>(per_filter) / (conv.side * conv.side);
  for (std::size_t i = 0; i < conv.weights.size(); ++i) {
    conv.weights[i] *= norm.scale[i / per_filter];
  }
  for (std::size_t i = 0; i < filters; ++i) {
    conv.bias[i] = conv.bias[i] * norm.scale[i] + norm.shift[i];
  }
  return conv;
}

Weights weights_of(TrainedNetwork& network) {
  Weights weights;
  Norm norm;  // of the previous layer: layers are visited from the output
  dlib::visit_computational_layers(network, [&](std::size_t, auto& layer) {
    using Layer = std::decay_t<decltype(layer)>;
    if constexpr (std::is_same_v<Layer, dlib::affine_>) {
      norm = {values_of(layer.get_gamma()), values_of(layer.get_beta())};
    } else if constexpr (IsConvolution<Layer>) {
      weights.convolutions.push_back(convolution_of(layer, norm));
    } else if constexpr (std::is_same_v<Layer, dlib::fc_<kDemoTemplateLength, dlib::FC_NO_BIAS>>) {
      weights.end = values_of(layer.get_layer_params());
    }
  });
  std::reverse(weights.convolutions.begin(), weights.convolutions.end());
  // dlib divides the pixels by 256, but the eye does not.
  for (float& weight : weights.convolutions.at(0).weights) weight /= 256.0F;
  return weights;
}

// Adds the layers one after the other. Each is named after its result.
class OnnxWriter {
 public:
  OnnxWriter() {
    model_.set_ir_version(6);
    model_.set_producer_name("maitred export-demo");
    model_.add_opset_import()->set_version(11);
    model_.mutable_graph()->set_name("demo");
    declare(*model_.mutable_graph()->add_input(), "faces",
            {3, demo_target().height_px, demo_target().width_px});
  }

  std::string convolve(const std::string& from, const Convolution& conv) {
    const std::string name = "conv" + std::to_string(++convolutions_);
    onnx::NodeProto& node = add("Conv", name, {from, name + ".weight", name + ".bias"});
    set(node, "kernel_shape", {conv.side, conv.side});
    set(node, "strides", {conv.stride, conv.stride});
    set(node, "pads", {conv.pad, conv.pad, conv.pad, conv.pad});
    store(name + ".weight", {conv.filters, conv.inputs, conv.side, conv.side}, conv.weights);
    store(name + ".bias", {conv.filters}, conv.bias);
    return name;
  }

  std::string rectify(const std::string& from) {
    add("Relu", from + ".relu", {from});
    return from + ".relu";
  }

  std::string add_values(const std::string& a, const std::string& b) {
    add("Add", a + ".sum", {a, b});
    return a + ".sum";
  }

  void finish(const std::string& from, const std::vector<float>& end) {
    add("Flatten", "features", {from});
    add("Gemm", "template", {"features", "end.weight"});
    store("end.weight", {static_cast<long>(end.size()) / kDemoTemplateLength, kDemoTemplateLength},
          end);
    declare(*model_.mutable_graph()->add_output(), "template", {kDemoTemplateLength});
  }

  void write(const std::filesystem::path& file) const {
    std::ofstream out(file, std::ios::binary);
    if (!model_.SerializeToOstream(&out) || !out.flush()) {
      throw std::runtime_error("cannot write " + file.string());
    }
  }

 private:
  onnx::NodeProto& add(const std::string& type, const std::string& name,
                       const std::vector<std::string>& inputs) {
    onnx::NodeProto& node = *model_.mutable_graph()->add_node();
    node.set_op_type(type);
    node.set_name(name);
    node.add_output(name);
    for (const std::string& input : inputs) node.add_input(input);
    return node;
  }

  static void set(onnx::NodeProto& node, const std::string& name, const std::vector<long>& values) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const long value : values) attribute.add_ints(value);
  }

  void store(const std::string& name, const std::vector<long>& shape,
             const std::vector<float>& values) {
    onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (const long length : shape) tensor.add_dims(length);
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  }

  // Declares a batch of any size of values of this shape.
  static void declare(onnx::ValueInfoProto& value, const std::string& name,
                      const std::vector<long>& shape) {
    value.set_name(name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_param("batch");
    for (const long length : shape) type.mutable_shape()->add_dim()->set_dim_value(length);
  }

  onnx::ModelProto model_;
  int convolutions_ = 0;
};

void export_network(TrainedNetwork& network, const std::filesystem::path& file) {
  const Weights weights = weights_of(network);
  auto next = weights.convolutions.begin();
  OnnxWriter writer;
  const auto halved = [&](const std::string& from) {
    return writer.rectify(writer.convolve(from, *next++));
  };
  const auto residual = [&](const std::string& from) {
    const std::string inner = writer.rectify(writer.convolve(from, *next++));
    return writer.rectify(writer.add_values(writer.convolve(inner, *next++), from));
  };
  // As Stem and Body in network.h.
  std::string at = halved(halved("faces"));
  for (int level = 0; level < 2; ++level) at = residual(halved(at));
  if (next != weights.convolutions.end()) throw std::logic_error("not the layers of network.h");
  writer.finish(at, weights.end);
  writer.write(file);
}

// Writes one line per face: its seed and dlib's template. Prints the largest difference to the
// eye's templates.
void record_templates(TrainedNetwork& network, FaceEmbedder& embedder,
                      const std::filesystem::path& file) {
  constexpr std::uint64_t kFirst = 501;
  constexpr std::uint64_t kCount = 12;
  std::ofstream out(file);
  double apart = 0.0;
  for (std::uint64_t seed = kFirst; seed < kFirst + kCount; ++seed) {
    const GoldenFace face = golden_face(seed);
    const ImageView view{face.picture.data, face.picture.cols, face.picture.rows,
                         face.picture.step[0]};
    const Image crop = align_face(view, face.landmarks, demo_target());
    const std::vector<float> wanted =
        dlib_template(network, cv::Mat(crop.view.height_px, crop.view.width_px, CV_8UC3,
                                       const_cast<std::uint8_t*>(crop.view.data),  // NOLINT
                                       crop.view.stride_bytes));
    const auto found = embedder.embed(view, face.landmarks);
    if (!found) throw std::runtime_error(found.error().message);
    out << seed;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      char text[32];
      std::snprintf(text, sizeof(text), " %.6f", static_cast<double>(wanted[i]));
      out << text;
      apart = std::max(apart, std::fabs(static_cast<double>(wanted[i] - found->values()[i])));
    }
    out << '\n';
  }
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
  std::printf("%s: %ju faces, largest difference to dlib %.2g\n", file.c_str(),
              static_cast<std::uintmax_t>(kCount), apart);
}

}  // namespace
}  // namespace maitred::demo

int main(int argc, char** argv) {
  std::filesystem::path weights;
  std::filesystem::path out = "models/demo/demo.onnx";
  std::filesystem::path golden = "tests/golden/demo_templates.txt";
  CLI::App app("Writes the network of the demo engine as ONNX");
  app.add_option("weights", weights, "dlib's file, written by train-demo")->required();
  app.add_option("--out", out, "ONNX file to write")->capture_default_str();
  app.add_option("--golden", golden, "dlib's templates of drawn faces")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    maitred::demo::TrainedNetwork network;
    dlib::deserialize(weights.string()) >> network;
    maitred::demo::export_network(network, out);
    std::printf("%s: %ju bytes\n", out.c_str(),
                static_cast<std::uintmax_t>(std::filesystem::file_size(out)));
    const auto embedder = maitred::make_demo_embedder(out);
    if (!embedder) throw std::runtime_error(embedder.error().message);
    maitred::demo::record_templates(network, **embedder, golden);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "export-demo: %s\n", failure.what());
    return 3;
  }
  return 0;
}
