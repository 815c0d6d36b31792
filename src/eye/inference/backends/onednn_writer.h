// Writes the oneDNN program of a graph.
#pragma once

#include <vector>

#include "maitred/eye/inference/network.h"
#include "onednn_program.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// A written program with its input and outputs.
struct OneDnnEnds {
  OneDnnProgram::ValueId input = 0;
  std::vector<OneDnnProgram::ValueId> outputs{};  // dense, ordered as the outputs of the graph
  Precision precision = Precision::kFloat;        // kInt8 if at least one step is
};

// Throws dnnl::error if oneDNN has no implementation.
OneDnnEnds write_program(const Graph& graph, Precision precision, OneDnnProgram& program);

}  // namespace maitred::inference
