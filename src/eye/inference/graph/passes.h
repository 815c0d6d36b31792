// Passes turn a graph into one that computes the same with fewer steps. Pure.
#pragma once

#include "graph.h"

namespace maitred::inference {

// Drops nodes that no output needs or that do nothing. Folds batch norms, scales and shifts into
// the convolutions and matrix products before or after them. Moves an activation before a reshape
// or transpose that separates it from its convolution. For every executor.
Result<Graph> simplify(const Graph& graph);

// Turns the activation and the sum after a convolution, matrix product or binary into its post-ops.
// For executors that support post_ops. A PReLU with one slope per channel stays a separate step:
// oneDNN 2.6 has it as a post-op of a convolution only in reference code, 200 times slower.
Result<Graph> fuse(const Graph& graph);

// Joins 1x1 convolutions of the same value, each followed by a depthwise convolution, into one of
// all their channels: a head of 1 + 1 + 4 + 10 channels then takes one pass over its input, not
// four. Requires a graph before fuse().
Result<Graph> join_heads(const Graph& graph);

// Joins suitable convolutions into Separable. Requires a graph after fuse(). For executors that
// support it.
Result<Graph> pair_separable(const Graph& graph);

}  // namespace maitred::inference
