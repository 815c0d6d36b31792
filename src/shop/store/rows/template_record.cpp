// The binary form of a template.
#include <bit>
#include <cmath>
#include <cstring>

#include "records_json.h"

namespace maitred {
namespace {

// Version 1 had no quality.
constexpr std::uint8_t kWithoutQuality = 1;
constexpr std::uint8_t kWithQuality = 2;
static_assert(std::endian::native == std::endian::little && sizeof(float) == 4);

}  // namespace

template <>
Result<ClearBytes> encode_record(const Template& record) {
  const auto values = record.values();
  const std::string& engine = record.engine();
  if (values.empty() || values.size() > kLongestTemplate || engine.empty() ||
      engine.size() > kLongestEngineName) {
    return input_error("field_invalid", "a template has no engine, or an impossible length");
  }
  const auto count = static_cast<std::uint32_t>(values.size());
  const float quality = record.quality();
  const std::size_t head = 2 + engine.size() + sizeof count;
  ClearBytes bytes(head + values.size_bytes() + sizeof quality);
  bytes[0] = kWithQuality;
  bytes[1] = static_cast<std::uint8_t>(engine.size());
  std::memcpy(bytes.data() + 2, engine.data(), engine.size());
  std::memcpy(bytes.data() + 2 + engine.size(), &count, sizeof count);
  std::memcpy(bytes.data() + head, values.data(), values.size_bytes());
  std::memcpy(bytes.data() + head + values.size_bytes(), &quality, sizeof quality);
  return bytes;
}

template <>
std::optional<Template> decode_record(ByteView bytes) {
  if (bytes.size() < 2 || (bytes[0] != kWithoutQuality && bytes[0] != kWithQuality)) {
    return std::nullopt;
  }
  const std::size_t name = bytes[1];
  std::uint32_t count = 0;
  if (name == 0 || name > kLongestEngineName || bytes.size() < 2 + name + sizeof count) {
    return std::nullopt;
  }
  std::memcpy(&count, bytes.data() + 2 + name, sizeof count);
  const ByteView body = bytes.subspan(2 + name + sizeof count);
  float quality = 1.0F;
  const std::size_t after = bytes[0] == kWithQuality ? sizeof quality : 0;
  if (count == 0 || count > kLongestTemplate || body.size() != count * sizeof(float) + after) {
    return std::nullopt;
  }
  WipedVector<float> values(count);
  std::memcpy(values.data(), body.data(), count * sizeof(float));
  if (after > 0) std::memcpy(&quality, body.last(after).data(), after);
  if (!(quality >= 0.0F && quality <= 1.0F)) return std::nullopt;
  for (const float value : values) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return Template(std::string(reinterpret_cast<const char*>(bytes.data() + 2), name), values,
                  quality);
}

}  // namespace maitred
