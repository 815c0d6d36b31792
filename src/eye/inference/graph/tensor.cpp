#include "tensor.h"

#include <bit>
#include <cstring>

namespace maitred::inference {

tl::unexpected<Error> model_invalid(std::string message) {
  return input_error("model_invalid", std::move(message));
}

tl::unexpected<Error> model_unsupported(std::string message) {
  return input_error("model_unsupported", std::move(message));
}

std::string in_quotes(std::string_view name) {
  constexpr std::size_t kLongest = 80;
  std::string text = "'";
  for (char c : name.substr(0, kLongest)) text += c >= ' ' && c <= '~' ? c : '?';
  text += name.size() > kLongest ? "...'" : "'";
  return text;
}

std::string to_text(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ',';
    text += std::to_string(shape[i]);
  }
  text += ']';
  return text;
}

Result<std::int64_t> element_count(const Shape& shape) {
  if (shape.size() > kMaxRank) {
    return model_invalid("a tensor has " + std::to_string(shape.size()) + " dimensions, at most " +
                         std::to_string(kMaxRank) + " are allowed");
  }
  std::int64_t count = 1;
  for (std::int64_t dimension : shape) {
    if (dimension < 1) return model_invalid("shape " + to_text(shape) + " is not positive");
    if (dimension > kMaxElements / count) {
      return model_invalid("shape " + to_text(shape) + " is larger than the limit of " +
                           std::to_string(kMaxElements) + " elements");
    }
    count *= dimension;
  }
  return count;
}

std::int64_t checked_count(const Shape& shape) {
  std::int64_t count = 1;
  for (std::int64_t dimension : shape) count *= dimension;
  return count;
}

std::size_t size_of(ElementType type) {
  switch (type) {
    case ElementType::kFloat16:
      return 2;
    case ElementType::kFloat32:
    case ElementType::kInt32:
      return 4;
    case ElementType::kFloat64:
    case ElementType::kInt64:
      return 8;
  }
  return 1;
}

namespace {

template <class From, class To, class Convert>
void read_elements(std::span<const std::uint8_t> bytes, std::vector<To>& out, Convert convert) {
  out.resize(bytes.size() / sizeof(From));
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    out[i] = convert(value);
  }
}

}  // namespace

Result<Tensor> read_tensor(ElementType type, const Shape& shape,
                           std::span<const std::uint8_t> bytes) {
  // Exporters write an empty list for "not given".
  if (shape == Shape{0} && bytes.empty()) {
    return Tensor{.shape = shape,
                  .is_integer = type == ElementType::kInt32 || type == ElementType::kInt64};
  }
  MAITRED_ASSIGN(const std::int64_t count, element_count(shape));
  if (static_cast<std::size_t>(count) * size_of(type) != bytes.size()) {
    return model_invalid("a constant of shape " + to_text(shape) + " needs " +
                         std::to_string(static_cast<std::size_t>(count) * size_of(type)) +
                         " bytes, the file gives " + std::to_string(bytes.size()));
  }
  Tensor tensor{.shape = shape};
  tensor.is_integer = type == ElementType::kInt32 || type == ElementType::kInt64;
  switch (type) {
    case ElementType::kFloat16:
      read_elements<std::uint16_t>(bytes, tensor.floats, half_to_float);
      break;
    case ElementType::kFloat32:
      read_elements<float>(bytes, tensor.floats, [](float v) { return v; });
      break;
    case ElementType::kFloat64:
      read_elements<double>(bytes, tensor.floats, [](double v) { return static_cast<float>(v); });
      break;
    case ElementType::kInt32:
      read_elements<std::int32_t>(bytes, tensor.integers, [](std::int32_t v) { return v; });
      break;
    case ElementType::kInt64:
      read_elements<std::int64_t>(bytes, tensor.integers, [](std::int64_t v) { return v; });
      break;
  }
  return tensor;
}

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  std::uint32_t exponent = (half >> 10) & 0x1fu;
  std::uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24, exact in a float
    const float value = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

}  // namespace maitred::inference
