// Writes and reads little-endian bytes. Internal to link.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "maitred/base/secret.h"

namespace maitred {

static_assert(std::numeric_limits<float>::is_iec559 && sizeof(float) == 4 && sizeof(double) == 8);

class ByteWriter {
 public:
  explicit ByteWriter(std::size_t reserve_bytes) { bytes_.reserve(reserve_bytes); }

  template <std::unsigned_integral T>
  void put(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  void put(std::int32_t value) { put(static_cast<std::uint32_t>(value)); }
  void put(std::int64_t value) { put(static_cast<std::uint64_t>(value)); }
  void put(float value) { put(std::bit_cast<std::uint32_t>(value)); }
  void put(double value) { put(std::bit_cast<std::uint64_t>(value)); }
  // u16 length, then the bytes.
  void put_text(std::string_view text) {
    put(static_cast<std::uint16_t>(text.size()));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }

  WipedVector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  WipedVector<std::uint8_t> bytes_;
};

// Reading past the end gives zeros and marks the reader as failed.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T take_unsigned() {
    T value = 0;
    const auto part = take_bytes(sizeof(T));
    for (std::size_t i = 0; i < part.size(); ++i) {
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(part[i]) << (8 * i)));
    }
    return value;
  }
  std::uint8_t u8() { return take_unsigned<std::uint8_t>(); }
  std::uint16_t u16() { return take_unsigned<std::uint16_t>(); }
  std::uint32_t u32() { return take_unsigned<std::uint32_t>(); }
  std::uint64_t u64() { return take_unsigned<std::uint64_t>(); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  float f32() { return std::bit_cast<float>(u32()); }
  double f64() { return std::bit_cast<double>(u64()); }
  std::string text() {
    const auto part = take_bytes(u16());
    return {part.begin(), part.end()};
  }

  std::size_t left() const { return rest_.size(); }
  // Everything was read, and nothing beyond.
  bool complete() const { return !failed_ && rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::span<const std::uint8_t> take_bytes(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto part = rest_.first(count);
    rest_ = rest_.subspan(count);
    return part;
  }

  std::span<const std::uint8_t> rest_;
  bool failed_ = false;
};

}  // namespace maitred
