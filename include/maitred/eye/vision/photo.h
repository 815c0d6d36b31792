// Decodes image bytes from outside within limits. Accepts only JPEG, PNG and WebP, told by their
// first bytes, and reads the size in pixels from the header before it decodes anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "maitred/base/result.h"
#include "maitred/types/image.h"

namespace maitred {

enum class PhotoFormat { kJpeg, kPng, kWebp };

struct PhotoHeader {
  PhotoFormat format = PhotoFormat::kJpeg;
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  int orientation = 1;  // EXIF, 1 to 8; 1 is upright
};

struct PhotoLimits {
  std::size_t bytes = std::size_t{16} << 20U;
  std::int64_t pixels = 50'000'000;
  int longest_side_px = 2048;  // larger images are reduced to it after decoding
};

// Reads only the header. Errors (kInput): photo_not_image (empty, or not JPEG, PNG or WebP),
// photo_truncated, photo_unreadable (damaged header), photo_too_large (bytes or pixels). Pure.
Result<PhotoHeader> read_photo_header(std::span<const std::uint8_t> bytes,
                                      const PhotoLimits& limits = {});

// Returns the upright picture, 8-bit BGR: applies the EXIF orientation, converts grey and 16-bit
// images, and lays transparency on white. Errors: those of read_photo_header; photo_truncated or
// photo_unreadable for damaged contents. Thread-safe.
Result<Image> decode_photo(std::span<const std::uint8_t> bytes, const PhotoLimits& limits = {});

}  // namespace maitred
