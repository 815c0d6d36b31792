// Graph to graph: the same function of the input, with fewer steps. Pure.
#pragma once

#include "graph.h"

namespace maitred::inference {

// Drops what no output needs and what does nothing; folds batch norms, scales and shifts into the
// convolutions and matrix products before or after them; moves activations before the reshaping
// that stands between them and the convolution. Good for every executor.
Result<Graph> simplify(const Graph& graph);

// Lets convolutions, matrix products and binaries do the activation and sum that follow. For
// executors that know post_ops. A PReLU with a slope a channel stays a step of its own: as a
// post-op of a convolution oneDNN 2.6 has it in its reference code only, 200 times slower.
Result<Graph> fuse(const Graph& graph);

// Joins 1x1 convolutions of one value, each followed by a convolution of each channel by itself,
// into one of all their channels: a head of 1 + 1 + 4 + 10 channels costs one pass over its input,
// not four. Before fuse().
Result<Graph> join_heads(const Graph& graph);

// Makes Separable of what qualifies. After fuse(), for executors that know it.
Result<Graph> pair_separable(const Graph& graph);

}  // namespace maitred::inference
