// Shapes and constants of a network, with limits that keep a malformed file from exhausting memory.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"

namespace maitred::inference {

using Shape = std::vector<std::int64_t>;

inline constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;
inline constexpr std::size_t kMaxNodes = 20'000;
inline constexpr std::size_t kMaxOutputs = 256;
inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 26;       // of one tensor
inline constexpr std::int64_t kMaxGraphElements = std::int64_t{1} << 28;  // of all nodes together

tl::unexpected<Error> model_invalid(std::string message);
tl::unexpected<Error> model_unsupported(std::string message);

// Makes a name from a file fit for a message: printable, at most 80 characters, in quotes.
std::string in_quotes(std::string_view name);
std::string to_text(const Shape& shape);  // "[1,3,640,640]"

// Returns the product of the dimensions. Error: model_invalid for a dimension below 1, more than
// kMaxRank dimensions, or more than kMaxElements.
Result<std::int64_t> element_count(const Shape& shape);
// Returns the product of the dimensions. Requires a checked shape.
std::int64_t checked_count(const Shape& shape);

// A dense, row-major constant: floats for weights, integers for shapes and axes. A scalar has the
// empty shape.
struct Tensor {
  Shape shape{};
  std::vector<float> floats{};
  std::vector<std::int64_t> integers{};
  bool is_integer = false;

  std::size_t size() const { return is_integer ? integers.size() : floats.size(); }
};

enum class ElementType { kFloat16, kFloat32, kFloat64, kInt32, kInt64 };
std::size_t size_of(ElementType type);

// Reads little-endian elements. Error: model_invalid if the number of bytes does not fit the shape.
Result<Tensor> read_tensor(ElementType type, const Shape& shape,
                           std::span<const std::uint8_t> bytes);

float half_to_float(std::uint16_t half);

}  // namespace maitred::inference
