// A neural network ready to run: read from a file, checked, optimised, its memory allocated.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

// kAuto: oneDNN where the processor has AVX2 and oneDNN knows all the operators, else OpenCV.
enum class Backend { kAuto, kOneDnn, kOpenCv };

// kInt8: 1x1 convolutions in 8 bits where oneDNN runs the network and the processor has AVX-512
// VNNI; elsewhere as kFloat. Results differ by some hundredths.
enum class Precision { kFloat, kInt8 };

struct NetworkOptions {
  Backend backend = Backend::kAuto;
  Precision precision = Precision::kFloat;
  // NCHW; empty: as the file says. A fully convolutional network takes other heights and widths.
  std::vector<int> input_shape;
  int threads = 1;  // for one run(); OpenCV has one number for the whole process, the last one set
};

struct OutputInfo {
  std::string name;
  std::vector<int> shape;  // of the dense, row-major float array that output() returns
};

// One network with one input. Bound to one thread. All memory for values is there before the first
// run().
class Network {
 public:
  virtual ~Network() = default;
  virtual const std::vector<int>& input_shape() const = 0;  // NCHW
  virtual const std::vector<OutputInfo>& outputs() const = 0;
  // The input, dense NCHW floats, to be filled before run().
  virtual std::span<float> input() = 0;
  // Error: inference_failed.
  virtual Status run() = 0;
  // Valid until the next run().
  virtual std::span<const float> output(std::size_t index) const = 0;
  virtual std::string backend_name() const = 0;  // "onednn" or "opencv"
  virtual Precision precision() const = 0;       // what it computes with
};

// Reads by the ending of the name: an ONNX file; an OpenVINO IR .xml with its .bin beside it;
// dlib's face recognition ResNet, .dat, or .bz2 as it is published (input planes red, green, blue).
// The caller has checked the SHA-256 before. Errors: file_missing, model_invalid (says what and
// where), model_unsupported (names the operator).
Result<std::unique_ptr<Network>> load_network(const std::filesystem::path& path,
                                              const NetworkOptions& options);

}  // namespace maitred
