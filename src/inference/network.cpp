#include "maitred/inference/network.h"

#include <spdlog/spdlog.h>

#include <algorithm>

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
  MAITRED_ASSIGN(const Graph joined, join_heads(graph));
  MAITRED_ASSIGN(const Graph fused, fuse(joined));
  MAITRED_ASSIGN(const Graph paired, pair_separable(fused));
  auto network = make_onednn_network(paired, threads);
  return network ? std::move(network) : make_onednn_network(fused, threads);
}

Result<std::unique_ptr<Network>> make_network(const Graph& graph, const NetworkOptions& options) {
  const int threads = std::max(options.threads, 1);
  switch (options.backend) {
    case Backend::kOneDnn:
      return make_fused_onednn_network(graph, threads);
    case Backend::kOpenCv:
      return make_opencv_network(graph, threads);
    case Backend::kAuto:
      break;
  }
  if (onednn_is_fast()) {
    auto network = make_fused_onednn_network(graph, threads);
    if (network) return network;
    spdlog::warn("inference: {}; OpenCV does it, several times slower", network.error().message);
  }
  return make_opencv_network(graph, threads);
}

}  // namespace
}  // namespace inference

Result<std::unique_ptr<Network>> load_network(const std::filesystem::path& path,
                                              const NetworkOptions& options) try {
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
} catch (const std::exception& error) {  // protobuf's, or out of memory
  return inference::model_invalid("model " + path.filename().string() +
                                  " cannot be loaded: " + error.what());
}

}  // namespace maitred
