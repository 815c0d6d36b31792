// Reads the elements of dlib's files (dlib/serialize.h, dlib/cuda/tensor.h). The bytes are
// untrusted: malformed data is an error, and no length in them causes an allocation larger than the
// file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "src/eye/inference/graph/tensor.h"

namespace maitred::inference {

// Reads `bytes` from the front; they must outlive it. Pure. Error: model_invalid, with the place in
// the file.
class DlibStream {
 public:
  explicit DlibStream(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  // A byte with the length, 1 to 8, and the sign; then the magnitude, low byte first.
  Result<std::int64_t> integer();
  Result<std::string> text();  // at most 64 characters: names of layers
  Result<bool> boolean();
  // A mantissa and an exponent. Error if the number is not finite.
  Result<double> real();
  // Four dimensions and 32-bit floats.
  Result<Tensor> tensor();
  Status skip_tensor();
  Status skip_alias();  // a part of another tensor

  // Error if the next integer, or text, differs.
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
