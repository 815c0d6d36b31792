// Writes the oneDNN program of a graph.
#pragma once

#include <vector>

#include "maitred/eye/inference/network.h"
#include "onednn_program.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// The places of a written program that the outside touches.
struct OneDnnEnds {
  OneDnnProgram::ValueId input = 0;
  std::vector<OneDnnProgram::ValueId> outputs{};  // dense, in the order of the graph's outputs
  Precision precision = Precision::kFloat;        // kInt8 where some of it is
};

// Throws dnnl::error where oneDNN has no implementation.
OneDnnEnds write_program(const Graph& graph, Precision precision, OneDnnProgram& program);

}  // namespace maitred::inference
