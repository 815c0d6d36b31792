// Reads the structure of a photo file. Private to this module; read_photo_header is public.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "maitred/eye/vision/photo.h"

namespace maitred {

// Checks that the file has its end mark: decoders fill a missing part with grey and report no
// error. Error: photo_truncated. Pure.
Status check_photo_complete(std::span<const std::uint8_t> bytes, PhotoFormat format);

// Returns the orientation in an EXIF TIFF block; 1 if it is missing or damaged. Pure.
int exif_orientation(std::span<const std::uint8_t> tiff);

// Reads bytes from outside within bounds. Pure.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  // Empty beyond the end.
  std::optional<std::uint8_t> byte(std::size_t at) const {
    if (at >= bytes_.size()) return std::nullopt;
    return bytes_[at];
  }
  // `count` bytes, at most 4.
  std::optional<std::uint32_t> big(std::size_t at, std::size_t count) const {
    return number(at, count, false);
  }
  std::optional<std::uint32_t> little(std::size_t at, std::size_t count) const {
    return number(at, count, true);
  }
  bool has(std::size_t at, std::span<const char> word) const {
    if (at > bytes_.size() || word.size() > bytes_.size() - at) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (bytes_[at + i] != static_cast<std::uint8_t>(word[i])) return false;
    }
    return true;
  }
  // Cut at the end of the bytes.
  std::span<const std::uint8_t> part(std::size_t at, std::size_t count) const {
    if (at >= bytes_.size()) return {};
    return bytes_.subspan(at, std::min(count, bytes_.size() - at));
  }

 private:
  std::optional<std::uint32_t> number(std::size_t at, std::size_t count, bool little) const {
    if (at > bytes_.size() || count > bytes_.size() - at) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value = (value << 8U) | bytes_[at + (little ? count - 1 - i : i)];
    }
    return value;
  }

  std::span<const std::uint8_t> bytes_;
};

}  // namespace maitred
