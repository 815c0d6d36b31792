// Reads a neural network from a file, checks and optimises it, and runs it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

// kAuto: oneDNN if the processor has AVX2 and oneDNN has all the operators, else OpenCV.
enum class Backend { kAuto, kOneDnn, kOpenCv };

// kInt8: 1x1 convolutions in 8 bits if oneDNN runs the network and the processor has AVX-512 VNNI,
// else as kFloat. Results differ by some hundredths.
enum class Precision { kFloat, kInt8 };

struct NetworkOptions {
  Backend backend = Backend::kAuto;
  Precision precision = Precision::kFloat;
  // NCHW; if empty, as in the file. A fully convolutional network takes other heights and widths.
  std::vector<int> input_shape;
  int threads = 1;  // for one run(); OpenCV uses the last number set for the whole process
};

struct OutputInfo {
  std::string name;
  std::vector<int> shape;  // of the dense, row-major float array that output() returns
};

// One network with one input. Allocates all memory for values before the first run(). Bound to one
// thread.
class Network {
 public:
  virtual ~Network() = default;
  virtual const std::vector<int>& input_shape() const = 0;  // NCHW
  virtual const std::vector<OutputInfo>& outputs() const = 0;
  // The input, dense NCHW floats. The caller fills it before run().
  virtual std::span<float> input() = 0;
  // Error: inference_failed.
  virtual Status run() = 0;
  // Valid until the next run().
  virtual std::span<const float> output(std::size_t index) const = 0;
  virtual std::string backend_name() const = 0;  // "onednn" or "opencv"
  virtual Precision precision() const = 0;       // in use; may be kFloat where kInt8 was asked for
};

// Loads a model file. The name tells the format: .onnx; .xml, an OpenVINO IR with its .bin beside
// it; .dat, or .bz2 as it is published, dlib's face recognition ResNet (input planes red, green,
// blue). The caller has checked the SHA-256. Errors: file_missing, model_invalid (says what and
// where), model_unsupported (names the operator).
Result<std::unique_ptr<Network>> load_network(const std::filesystem::path& path,
                                              const NetworkOptions& options);

}  // namespace maitred
