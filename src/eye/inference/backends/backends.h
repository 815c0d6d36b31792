// The executors of a graph.
#pragma once

#include <memory>

#include "maitred/eye/inference/network.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// True if this processor has AVX2, which oneDNN's fast kernels need.
bool onednn_is_fast();

// Both run the graph as given; OpenCV's does not support post-ops. Error: model_unsupported if the
// library has no implementation.
Result<std::unique_ptr<Network>> make_onednn_network(const Graph& graph, int threads,
                                                     Precision precision = Precision::kFloat);
Result<std::unique_ptr<Network>> make_opencv_network(const Graph& graph, int threads);

// Returns the executor of options.backend, or the fastest one that can run the graph.
Result<std::unique_ptr<Network>> make_network(const Graph& graph, const NetworkOptions& options);

// The description of their outputs.
std::vector<int> to_ints(const Shape& shape);
std::vector<OutputInfo> output_infos(const Graph& graph);

}  // namespace maitred::inference
