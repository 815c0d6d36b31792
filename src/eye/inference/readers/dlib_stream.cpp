#include "dlib_stream.h"

#include <cmath>

namespace maitred::inference {
namespace {

constexpr std::int64_t kLongestText = 64;
constexpr std::int64_t kTensorVersion = 2;
constexpr std::int64_t kAliasVersion = 1;
constexpr std::int64_t kLargestExponent = 20'000;  // larger ones stand for infinity and NaN

}  // namespace

tl::unexpected<Error> DlibStream::wrong(const std::string& what) const {
  return model_invalid(what + " at byte " + std::to_string(at_));
}

Result<std::span<const std::uint8_t>> DlibStream::take(std::size_t count) {
  if (count > bytes_.size() - at_) return wrong("the file ends early,");
  const auto taken = bytes_.subspan(at_, count);
  at_ += count;
  return taken;
}

Result<std::int64_t> DlibStream::integer() {
  MAITRED_ASSIGN(const auto control, take(1));
  const std::size_t length = control[0] & 0x0FU;
  if (length == 0 || length > 8 || (control[0] & 0x70U) != 0) return wrong("not a number");
  MAITRED_ASSIGN(const auto digits, take(length));
  std::uint64_t magnitude = 0;
  for (std::size_t i = length; i-- > 0;) magnitude = magnitude << 8U | digits[i];
  if (magnitude > std::uint64_t{INT64_MAX}) return wrong("a number too large");
  const auto value = static_cast<std::int64_t>(magnitude);
  return (control[0] & 0x80U) != 0 ? -value : value;
}

Result<std::string> DlibStream::text() {
  MAITRED_ASSIGN(const std::int64_t length, integer());
  if (length < 0 || length > kLongestText) return wrong("not a name of a layer");
  MAITRED_ASSIGN(const auto characters, take(static_cast<std::size_t>(length)));
  return std::string(characters.begin(), characters.end());
}

Result<bool> DlibStream::boolean() {
  MAITRED_ASSIGN(const auto digit, take(1));
  if (digit[0] != '0' && digit[0] != '1') return wrong("not a boolean");
  return digit[0] == '1';
}

Result<double> DlibStream::real() {
  MAITRED_ASSIGN(const std::int64_t mantissa, integer());
  MAITRED_ASSIGN(const std::int64_t exponent, integer());
  if (exponent > kLargestExponent || exponent < -kLargestExponent) {
    return wrong("not a finite number");
  }
  const double value = std::ldexp(static_cast<double>(mantissa), static_cast<int>(exponent));
  if (!std::isfinite(value)) return wrong("not a finite number");
  return value;
}

Result<std::pair<Shape, std::span<const std::uint8_t>>> DlibStream::raw_tensor() {
  MAITRED_TRY(expect(kTensorVersion, "a tensor"));
  Shape shape;
  std::int64_t count = 1;
  for (int axis = 0; axis < 4; ++axis) {
    MAITRED_ASSIGN(const std::int64_t length, integer());
    if (length < 0 || length > kMaxElements) return wrong("an impossible length of a tensor");
    shape.push_back(length);
    count *= length;
    if (count > kMaxElements) return wrong("a tensor larger than the limit");
  }
  MAITRED_ASSIGN(const auto values, take(static_cast<std::size_t>(count) * sizeof(float)));
  return std::pair(std::move(shape), values);
}

Result<Tensor> DlibStream::tensor() {
  MAITRED_ASSIGN(const auto raw, raw_tensor());
  if (raw.second.empty()) return wrong("an empty tensor");
  Result<Tensor> tensor = read_tensor(ElementType::kFloat32, raw.first, raw.second);
  if (!tensor) return tensor;
  for (const float value : tensor->floats) {
    if (!std::isfinite(value)) return wrong("a weight is not finite, before");
  }
  return tensor;
}

Status DlibStream::skip_tensor() {
  MAITRED_TRY(raw_tensor());
  return {};
}

Status DlibStream::skip_alias() {
  MAITRED_TRY(expect(kAliasVersion, "a part of a tensor"));
  for (int axis = 0; axis < 4; ++axis) MAITRED_TRY(integer());
  return {};
}

Status DlibStream::expect(std::int64_t wanted, const std::string& what) {
  MAITRED_ASSIGN(const std::int64_t found, integer());
  if (found == wanted) return {};
  return wrong(what + ": " + std::to_string(wanted) + " wanted, " + std::to_string(found) +
               " found");
}

Status DlibStream::expect(const std::string& wanted) {
  MAITRED_ASSIGN(const std::string found, text());
  if (found == wanted) return {};
  return wrong(in_quotes(wanted) + " wanted, " + in_quotes(found) + " found");
}

}  // namespace maitred::inference
