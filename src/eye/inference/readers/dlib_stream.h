// The pieces that dlib's files are made of (dlib/serialize.h, dlib/cuda/tensor.h). Untrusted bytes:
// whatever is wrong is an error, and nothing is allocated that is not there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "src/eye/inference/graph/tensor.h"

namespace maitred::inference {

// Reads from the front of `bytes`, which must outlive it. Pure. Errors: model_invalid, with the
// place in the file.
class DlibStream {
 public:
  explicit DlibStream(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  // A byte with the length, 1 to 8, and the sign; then the magnitude, low byte first.
  Result<std::int64_t> integer();
  Result<std::string> text();  // at most 64 characters: names of layers
  Result<bool> boolean();
  // A mantissa and an exponent; infinite or not a number: an error.
  Result<double> real();
  // Four dimensions and 32-bit floats.
  Result<Tensor> tensor();
  Status skip_tensor();
  Status skip_alias();  // of a tensor: where in another it lies

  // Error when the next integer, or text, is another.
  Status expect(std::int64_t wanted, const std::string& what);
  Status expect(const std::string& wanted);

  std::size_t position() const { return at_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  tl::unexpected<Error> wrong(const std::string& what) const;
  Result<std::span<const std::uint8_t>> take(std::size_t count);
  Result<std::pair<Shape, std::span<const std::uint8_t>>> raw_tensor();

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace maitred::inference
