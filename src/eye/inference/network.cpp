#include "maitred/eye/inference/network.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "maitred/base/file.h"
#include "maitred/base/log.h"
#include "maitred/eye/inference/held_model.h"
#include "src/eye/inference/backends/backends.h"
#include "src/eye/inference/backends/batch_in_parts.h"
#include "src/eye/inference/graph/passes.h"
#include "src/eye/inference/readers/dlib_resnet.h"
#include "src/eye/inference/readers/importer.h"

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
  return model_unsupported("its name does not end in .onnx, .xml, .dat or .bz2");
}

Result<Graph> load_dlib_graph(const std::filesystem::path& path, const Shape& input_shape) {
  const Shape wanted{input_shape.empty() ? 1 : input_shape[0], 3, kResNetSide, kResNetSide};
  if (!input_shape.empty() && input_shape != wanted) {
    return model_invalid("its input is " + to_text(wanted) + " and cannot be " +
                         to_text(input_shape));
  }
  MAITRED_ASSIGN(const auto bytes, read_file(path, kMaxFileBytes));
  MAITRED_ASSIGN(const ResNetWeights weights, read_dlib_resnet(bytes));
  return build_dlib_resnet(weights, wanted[0]);
}

Result<Graph> graph_of(ParsedModel model, const NetworkOptions& options) {
  const Shape input_shape(options.input_shape.begin(), options.input_shape.end());
  MAITRED_ASSIGN(const Graph graph, import_model(std::move(model), input_shape));
  return simplify(graph);
}

Result<Graph> load_graph(const std::filesystem::path& path, const NetworkOptions& options) {
  const Shape input_shape(options.input_shape.begin(), options.input_shape.end());
  if (path.extension() == ".dat" || path.extension() == ".bz2") {
    MAITRED_ASSIGN(const Graph resnet, load_dlib_graph(path, input_shape));
    return simplify(resnet);
  }
  MAITRED_ASSIGN(ParsedModel model, parse_file(path));
  return graph_of(std::move(model), options);
}

Result<std::unique_ptr<Network>> make_fused_onednn_network(const Graph& graph, int threads,
                                                           Precision precision) {
  MAITRED_ASSIGN(const Graph joined, join_heads(graph));
  MAITRED_ASSIGN(const Graph fused, fuse(joined));
  MAITRED_ASSIGN(const Graph paired, pair_separable(fused));
  auto network = make_onednn_network(paired, threads, precision);
  return network ? std::move(network) : make_onednn_network(fused, threads);
}

}  // namespace

// Returns the largest difference of the two on made-up pictures, relative to the largest value.
Result<float> difference(Network& fast, Network& portable) {
  float largest = 0.0F;
  float scale = 1.0F;
  std::uint32_t state = 1;
  for (float& value : fast.input()) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 24U);
  }
  std::copy(fast.input().begin(), fast.input().end(), portable.input().begin());
  MAITRED_TRY(fast.run());
  MAITRED_TRY(portable.run());
  for (std::size_t output = 0; output < fast.outputs().size(); ++output) {
    const auto a = fast.output(output);
    const auto b = portable.output(output);
    for (std::size_t i = 0; i < a.size(); ++i) {
      scale = std::max(scale, std::fabs(b[i]));
      const float apart = std::fabs(a[i] - b[i]);
      if (!(apart <= largest)) largest = std::isfinite(apart) ? apart : INFINITY;
    }
  }
  return largest / scale;
}

// Returns the network in 8 bits if its results are close enough to those of `exact`, else `exact`.
Result<std::unique_ptr<Network>> make_near_network(const Graph& graph, int threads,
                                                   std::unique_ptr<Network> exact) {
  constexpr float kMostApartInt8 = 0.1F;
  auto quick = make_fused_onednn_network(graph, threads, Precision::kInt8);
  if (!quick || (*quick)->precision() != Precision::kInt8) return exact;
  MAITRED_ASSIGN(const float apart, difference(**quick, *exact));
  if (apart <= kMostApartInt8) return quick;
  journal().warn(
      "inference: 8-bit results differ by {:.2g} on this processor; using floats, which is slower",
      apart);
  return exact;
}

// Returns the fast executor of kAuto if it computes the same as the portable one. A large input is
// not compared: that would take memory for both.
Result<std::unique_ptr<Network>> make_tested_network(const Graph& graph, int threads,
                                                     Precision precision) {
  constexpr float kMostApart = 1e-3F;
  constexpr std::int64_t kLargestTested = 3 * 384 * 640;  // values of the input
  const bool tested = checked_count(graph.node(graph.input()).shape) < kLargestTested;
  if (!tested) return make_fused_onednn_network(graph, threads, precision);
  MAITRED_ASSIGN(auto fast, make_fused_onednn_network(graph, threads, Precision::kFloat));
  MAITRED_ASSIGN(auto portable, make_opencv_network(graph, threads));
  MAITRED_ASSIGN(const float apart, difference(*fast, *portable));
  if (apart <= kMostApart && precision == Precision::kFloat) return fast;
  if (apart <= kMostApart) return make_near_network(graph, threads, std::move(fast));
  return environment_error("inference_wrong",
                           fmt::format("oneDNN's results on this processor differ by {:.2g} from "
                                       "OpenCV's; please report the processor",
                                       apart));
}

Result<std::unique_ptr<Network>> make_network(const Graph& graph, const NetworkOptions& options) {
  const int threads = std::max(options.threads, 1);
  switch (options.backend) {
    case Backend::kOneDnn:
      return make_fused_onednn_network(graph, threads, options.precision);
    case Backend::kOpenCv:
      return make_opencv_network(graph, threads);
    case Backend::kAuto:
      break;
  }
  if (onednn_is_fast()) {
    auto network = make_tested_network(graph, threads, options.precision);
    if (network) return network;
    journal().warn("inference: {}; using OpenCV, which is several times slower",
                   network.error().message);
  }
  return make_opencv_network(graph, threads);
}

}  // namespace inference

namespace {

// `load` makes the graph for the options.
template <class Load>
Result<std::unique_ptr<Network>> network_of(const std::string& name, const NetworkOptions& options,
                                            const Load& load) try {
  const int images = options.input_shape.empty() ? 1 : options.input_shape[0];
  if (images > inference::kImagesTogether && images % inference::kImagesTogether == 0) {
    NetworkOptions some = options;
    some.input_shape[0] = inference::kImagesTogether;
    MAITRED_ASSIGN(auto part, network_of(name, some, load));
    if (auto whole = inference::batch_in_parts(std::move(part), images)) return whole;
  }
  const auto named = [&](const Error& error) {
    const bool about_model = error.code.starts_with("model_");
    return tl::unexpected(Error{error.fault, error.code,
                                (about_model ? "model " + name + ": " : "") + error.message});
  };
  Result<inference::Graph> graph = load(options);
  if (!graph) return named(graph.error());
  auto network = inference::make_network(*graph, options);
  if (!network) return named(network.error());
  return network;
} catch (const std::exception& error) {  // from protobuf, or out of memory
  return inference::model_invalid("model " + name + " cannot be loaded: " + error.what());
}

}  // namespace

Result<std::unique_ptr<Network>> load_network(const std::filesystem::path& path,
                                              const NetworkOptions& options) {
  return network_of(path.filename().string(), options, [&path](const NetworkOptions& wanted) {
    return inference::load_graph(path, wanted);
  });
}

Result<std::unique_ptr<Network>> load_held_network(std::span<const std::uint8_t> onnx,
                                                   const std::string& name,
                                                   const NetworkOptions& options) {
  return network_of(name, options,
                    [onnx](const NetworkOptions& wanted) -> Result<inference::Graph> {
                      MAITRED_ASSIGN(auto model, inference::read_onnx(onnx));
                      return inference::graph_of(std::move(model), wanted);
                    });
}

}  // namespace maitred
