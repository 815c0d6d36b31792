#include <algorithm>

#include "backends.h"
#include "floating_point.h"
#include "opencv_layers.h"

namespace maitred::inference {
namespace {

class OpenCvNetwork : public Network {
 public:
  OpenCvNetwork(OpenCvNet built, std::vector<int> input_shape, std::vector<OutputInfo> outputs)
      : built_(std::move(built)),
        input_shape_(std::move(input_shape)),
        outputs_(std::move(outputs)),
        blob_(input_shape_, CV_32F, cv::Scalar(0)) {}

  const std::vector<int>& input_shape() const override { return input_shape_; }
  const std::vector<OutputInfo>& outputs() const override { return outputs_; }
  std::span<float> input() override { return {blob_.ptr<float>(), blob_.total()}; }
  std::string backend_name() const override { return "opencv"; }
  Precision precision() const override { return Precision::kFloat; }

  Status run() override {
    try {
      const FlushDenormals flush;
      built_.net.setInput(blob_);
      built_.net.forward(results_, built_.outputs);
    } catch (const std::exception& error) {
      return environment_error("inference_failed",
                               std::string("OpenCV could not run the network: ") + error.what());
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      std::size_t wanted = 1;
      for (int dimension : outputs_[i].shape) wanted *= static_cast<std::size_t>(dimension);
      if (results_[i].total() != wanted || !results_[i].isContinuous()) {
        return environment_error("inference_failed",
                                 "OpenCV returned an output of an unexpected shape");
      }
    }
    return {};
  }

  std::span<const float> output(std::size_t index) const override {
    return {results_[index].ptr<float>(), results_[index].total()};
  }

 private:
  OpenCvNet built_;
  const std::vector<int> input_shape_;
  const std::vector<OutputInfo> outputs_;
  cv::Mat blob_;
  std::vector<cv::Mat> results_;
};

// OpenCV's messages contain its source location and line breaks.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Result<std::unique_ptr<Network>> make_opencv_network(const Graph& graph, int threads) {
  try {
    cv::setNumThreads(threads);  // for the whole process
    MAITRED_ASSIGN(OpenCvNet built, build_opencv_net(graph));
    auto network = std::make_unique<OpenCvNetwork>(
        std::move(built), to_ints(graph.node(graph.input()).shape), output_infos(graph));
    // OpenCV checks the layers at their first run.
    if (Status status = network->run(); !status) {
      return model_unsupported(one_line(status.error().message));
    }
    return network;
  } catch (const std::exception& error) {
    return model_unsupported(one_line(std::string("OpenCV cannot run it: ") + error.what()));
  }
}

}  // namespace maitred::inference
