// Builds the cv::dnn network of a graph.
#pragma once

#include <opencv2/dnn.hpp>
#include <vector>

#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

struct OpenCvNet {
  cv::dnn::Net net;
  std::vector<cv::String> outputs;  // layer names, ordered as the outputs of the graph
};

// Throws cv::Exception if OpenCV refuses a layer. Error: model_unsupported.
Result<OpenCvNet> build_opencv_net(const Graph& graph);

}  // namespace maitred::inference
