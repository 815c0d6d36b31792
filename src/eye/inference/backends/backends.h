// The executors of a graph.
#pragma once

#include <memory>

#include "maitred/eye/inference/network.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// Whether this processor has what oneDNN's fast kernels need (AVX2).
bool onednn_is_fast();

// Both run the graph as it is given; OpenCV's knows no post-ops. Errors: model_unsupported when the
// library has no implementation.
Result<std::unique_ptr<Network>> make_onednn_network(const Graph& graph, int threads,
                                                     Precision precision = Precision::kFloat);
Result<std::unique_ptr<Network>> make_opencv_network(const Graph& graph, int threads);

// The executor of options.backend, or the fastest that runs the graph.
Result<std::unique_ptr<Network>> make_network(const Graph& graph, const NetworkOptions& options);

// What both say of themselves.
std::vector<int> to_ints(const Shape& shape);
std::vector<OutputInfo> output_infos(const Graph& graph);

}  // namespace maitred::inference
