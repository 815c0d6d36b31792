// Writes the oneDNN program of a graph.
#pragma once

#include <vector>

#include "graph.h"
#include "onednn_program.h"

namespace maitred::inference {

// The places of a written program that the outside touches.
struct OneDnnEnds {
  OneDnnProgram::ValueId input = 0;
  std::vector<OneDnnProgram::ValueId> outputs{};  // dense, in the order of the graph's outputs
};

// Throws dnnl::error where oneDNN has no implementation.
OneDnnEnds write_program(const Graph& graph, OneDnnProgram& program);

}  // namespace maitred::inference
