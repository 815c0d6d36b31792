// Writes small model files for the tests, in both formats.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "maitred/eye/inference/network.h"

namespace maitred::inference::testing {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;

// A folder that goes with the object.
class ScratchFolder {
 public:
  ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();
  std::filesystem::path write(const std::string& name, const std::string& bytes) const;

 private:
  std::filesystem::path path_;
};

struct OnnxAttribute {
  OnnxAttribute(std::string n, std::int64_t v) : name(std::move(n)), kind('i'), ints{v} {}
  OnnxAttribute(std::string n, int v) : OnnxAttribute(std::move(n), std::int64_t{v}) {}
  OnnxAttribute(std::string n, float v) : name(std::move(n)), kind('f'), real(v) {}
  OnnxAttribute(std::string n, const char* v) : name(std::move(n)), kind('s'), text(v) {}
  OnnxAttribute(std::string n, Ints v) : name(std::move(n)), kind('I'), ints(std::move(v)) {}
  std::string name;
  char kind;
  Ints ints{};
  float real = 0;
  std::string text{};
};

// One ONNX model, opset 11. Its input is "x".
class OnnxMaker {
 public:
  explicit OnnxMaker(const Ints& input_shape, std::int64_t opset = 11);
  OnnxMaker(OnnxMaker&&) noexcept;
  ~OnnxMaker();
  OnnxMaker& floats(const std::string& name, const Ints& shape, const Floats& values);
  OnnxMaker& ints(const std::string& name, const Ints& values);
  OnnxMaker& node(const std::string& type, const std::vector<std::string>& inputs,
                  const std::string& output, const std::vector<OnnxAttribute>& attributes = {});
  OnnxMaker& output(const std::string& name);
  std::string bytes() const;

 private:
  struct Proto;
  std::unique_ptr<Proto> proto_;
};

// One IR model. The parameter is layer 0 ("0:0"); every other layer has output port 9.
class IrMaker {
 public:
  explicit IrMaker(const std::string& input_shape, int version = 11);
  // Returns the layer's id. `halves`: stored as FP16, else FP32.
  int floats(const std::string& shape, const Floats& values, bool halves = false);
  int ints(const Ints& values);
  // `data`: attributes, as text.
  int layer(const std::string& type, const std::string& data, const std::vector<int>& inputs);
  void result(int of);
  std::string xml() const;
  const std::string& bin() const { return bin_; }

 private:
  int constant(const std::string& type, const std::string& shape, const std::string& bytes);
  int version_;
  int next_ = 1;
  std::string layers_;
  std::string edges_;
  std::string bin_;
};

std::uint16_t float_to_half(float value);  // of small numbers that half floats have exactly

// Loads, fills the input, runs and returns the first output. Fails the test on any error.
Floats run_onnx(const std::string& bytes, Backend backend, const Floats& input);
Floats run_ir(const IrMaker& ir, Backend backend, const Floats& input);
// The error of loading, or code "none".
Error error_of_onnx(const std::string& bytes);
Error error_of_ir(const std::string& xml, const std::string& bin);

// Repeatable numbers in [-1, 1].
Floats noise(std::size_t count, unsigned seed);

}  // namespace maitred::inference::testing
