#include "maitred/inference/network.h"

#include "backends.h"
#include "importer.h"
#include "maitred/base/file.h"
#include "passes.h"

namespace maitred {
namespace inference {

std::vector<int> to_ints(const Shape& shape) { return {shape.begin(), shape.end()}; }

std::vector<OutputInfo> output_infos(const Graph& graph) {
  std::vector<OutputInfo> infos;
  for (const GraphOutput& output : graph.outputs()) {
    infos.push_back({output.name, to_ints(graph.node(output.node).shape)});
  }
  return infos;
}

namespace {

Result<ParsedModel> parse_file(const std::filesystem::path& path) {
  if (path.extension() == ".onnx") {
    MAITRED_ASSIGN(const auto bytes, read_file(path, kMaxFileBytes));
    return read_onnx(bytes);
  }
  if (path.extension() == ".xml") {
    MAITRED_ASSIGN(const auto xml, read_file(path, kMaxFileBytes));
    MAITRED_ASSIGN(const auto bin,
                   read_file(std::filesystem::path(path).replace_extension(".bin"), kMaxFileBytes));
    return read_ir(xml, bin);
  }
  return model_unsupported("the ending of its name is not .onnx or .xml");
}

Result<Graph> load_graph(const std::filesystem::path& path, const NetworkOptions& options) {
  MAITRED_ASSIGN(ParsedModel model, parse_file(path));
  MAITRED_ASSIGN(const Graph graph,
                 import_model(std::move(model),
                              Shape(options.input_shape.begin(), options.input_shape.end())));
  return simplify(graph);
}

Result<std::unique_ptr<Network>> make_fused_onednn_network(const Graph& graph, int threads) {
  MAITRED_ASSIGN(const Graph fused, fuse(graph));
  return make_onednn_network(fused, threads);
}

Result<std::unique_ptr<Network>> make_network(const Graph& graph, const NetworkOptions& options) {
  switch (options.backend) {
    case Backend::kOneDnn:
      return make_fused_onednn_network(graph, options.threads);
    case Backend::kOpenCv:
      return make_opencv_network(graph, options.threads);
    case Backend::kAuto:
      break;
  }
  if (onednn_is_fast()) {
    if (auto network = make_fused_onednn_network(graph, options.threads)) return network;
  }
  return make_opencv_network(graph, options.threads);
}

}  // namespace
}  // namespace inference

Result<std::unique_ptr<Network>> load_network(const std::filesystem::path& path,
                                              const NetworkOptions& options) {
  const auto named = [&](const Error& error) {
    const bool about_model = error.code.starts_with("model_");
    return tl::unexpected(
        Error{error.fault, error.code,
              (about_model ? "model " + path.filename().string() + ": " : "") + error.message});
  };
  Result<inference::Graph> graph = inference::load_graph(path, options);
  if (!graph) return named(graph.error());
  auto network = inference::make_network(*graph, options);
  if (!network) return named(network.error());
  return network;
}

}  // namespace maitred
