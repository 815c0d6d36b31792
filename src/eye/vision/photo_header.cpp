#include "photo_header.h"

#include <spdlog/fmt/fmt.h>

#include <string_view>

namespace maitred {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1a\n"sv;

tl::unexpected<Error> truncated() {
  return input_error("photo_truncated",
                     "the photo is cut short; copy it again from where it came from");
}
tl::unexpected<Error> unreadable(std::string_view what) {
  return input_error(
      "photo_unreadable",
      fmt::format("the photo is damaged ({}); save it again as JPEG, PNG or WebP and "
                  "try again",
                  what));
}

// A frame header of any coding: SOF0 to SOF15 without DHT, JPG and DAC.
bool is_start_of_frame(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}
bool stands_alone(std::uint8_t marker) {
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

struct Segment {
  std::uint8_t marker = 0;
  std::size_t body = 0;  // start of its contents
  std::size_t size = 0;  // of its contents
  std::size_t next = 0;  // where the search for the next marker begins
};

// Returns the segment at or after `at`, skipping fill bytes and entropy-coded data. Empty at the
// end of the bytes.
std::optional<Segment> next_segment(const ByteReader& reader, std::size_t at) {
  for (; at + 1 < reader.size(); ++at) {
    const std::uint8_t marker = *reader.byte(at + 1);
    // Not a marker: stuffed byte, restart inside a scan, or fill.
    if (*reader.byte(at) != 0xFF || marker == 0x00 || marker == 0xFF) continue;
    if (stands_alone(marker)) continue;
    if (marker == 0xD9) return Segment{marker, at + 2, 0, at + 2};
    const auto length = reader.big(at + 2, 2);
    if (!length || *length < 2) return std::nullopt;
    return Segment{marker, at + 4, *length - 2, at + 2 + *length};
  }
  return std::nullopt;
}

Result<PhotoHeader> read_jpeg(const ByteReader& reader) {
  PhotoHeader header;
  header.format = PhotoFormat::kJpeg;
  std::size_t at = 2;
  while (const auto segment = next_segment(reader, at)) {
    if (segment->marker == 0xD9 || segment->marker == 0xDA) {
      return unreadable("no picture before its data");
    }
    if (segment->marker == 0xE1 && reader.has(segment->body, "Exif\0\0"sv)) {
      header.orientation = exif_orientation(reader.part(segment->body + 6, segment->size - 6));
    }
    if (is_start_of_frame(segment->marker)) {
      const auto height = reader.big(segment->body + 1, 2);
      const auto width = reader.big(segment->body + 3, 2);
      if (!height || !width) return truncated();
      header.height_px = *height;
      header.width_px = *width;
      return header;
    }
    at = segment->next;
  }
  return truncated();
}

Result<PhotoHeader> read_png(const ByteReader& reader) {
  if (!reader.has(12, "IHDR"sv))
    return reader.size() < 16 ? Result<PhotoHeader>(truncated()) : unreadable("no IHDR");
  const auto width = reader.big(16, 4);
  const auto height = reader.big(20, 4);
  if (!width || !height) return truncated();
  PhotoHeader header;
  header.format = PhotoFormat::kPng;
  header.width_px = *width;
  header.height_px = *height;
  return header;
}

Result<PhotoHeader> read_webp(const ByteReader& reader) {
  PhotoHeader header;
  header.format = PhotoFormat::kWebp;
  if (reader.size() < 30) return truncated();
  if (reader.has(12, "VP8X"sv)) {
    header.width_px = std::int64_t{*reader.little(24, 3)} + 1;
    header.height_px = std::int64_t{*reader.little(27, 3)} + 1;
  } else if (reader.has(12, "VP8L"sv)) {
    if (*reader.byte(20) != 0x2F) return unreadable("no VP8L signature");
    const std::uint32_t bits = *reader.little(21, 4);
    header.width_px = (bits & 0x3FFFU) + 1;
    header.height_px = ((bits >> 14U) & 0x3FFFU) + 1;
  } else if (reader.has(12, "VP8 "sv)) {
    if (!reader.has(23, "\x9d\x01\x2a"sv)) return unreadable("no VP8 start code");
    header.width_px = *reader.little(26, 2) & 0x3FFFU;
    header.height_px = *reader.little(28, 2) & 0x3FFFU;
  } else {
    return unreadable("unknown kind of WebP");
  }
  // EXIF may be in its own chunk.
  for (std::size_t at = 12; reader.little(at + 4, 4);) {
    const std::size_t size = *reader.little(at + 4, 4);
    if (reader.has(at, "EXIF"sv)) {
      const std::size_t skip = reader.has(at + 8, "Exif\0\0"sv) ? 6 : 0;
      if (size > skip)
        header.orientation = exif_orientation(reader.part(at + 8 + skip, size - skip));
    }
    at += 8 + size + size % 2;
  }
  return header;
}

Result<PhotoHeader> read_any(const ByteReader& reader) {
  if (reader.has(0, "\xff\xd8\xff"sv)) return read_jpeg(reader);
  if (reader.has(0, kPngMagic)) return read_png(reader);
  if (reader.has(0, "RIFF"sv) && reader.has(8, "WEBP"sv)) return read_webp(reader);
  return input_error("photo_not_image",
                     "the content is not a JPEG, PNG or WebP image; save the photo as one of these "
                     "and try again");
}

// True if the end mark follows the last scan.
bool jpeg_complete(const ByteReader& reader) {
  bool scanned = false;
  std::size_t at = 2;
  while (const auto segment = next_segment(reader, at)) {
    if (segment->marker == 0xD9) return scanned;
    if (segment->marker == 0xDA) scanned = true;
    at = segment->next;
  }
  return false;
}

bool png_complete(const ByteReader& reader) {
  for (std::size_t at = kPngMagic.size();;) {
    const auto size = reader.big(at, 4);
    if (!size) return false;
    if (reader.has(at + 4, "IEND"sv)) return true;
    at += std::size_t{12} + *size;
  }
}

bool webp_complete(const ByteReader& reader) {
  const auto size = reader.little(4, 4);
  return size && std::size_t{*size} + 8 <= reader.size();
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> tiff) {
  const ByteReader reader(tiff);
  const bool little = reader.has(0, "II"sv);
  if (!little && !reader.has(0, "MM"sv)) return 1;
  const auto number = [&](std::size_t at, std::size_t count) {
    return little ? reader.little(at, count) : reader.big(at, count);
  };
  const auto directory = number(4, 4);
  if (!directory) return 1;
  const auto entries = number(*directory, 2);
  if (!entries) return 1;
  constexpr std::uint32_t kOrientationTag = 0x0112;
  for (std::size_t i = 0; i < *entries; ++i) {
    const std::size_t entry = std::size_t{*directory} + 2 + 12 * i;
    const auto tag = number(entry, 2);
    if (!tag) return 1;
    if (*tag != kOrientationTag) continue;
    const auto value = number(entry + 8, 2);
    return value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
  }
  return 1;
}

Result<PhotoHeader> read_photo_header(std::span<const std::uint8_t> bytes,
                                      const PhotoLimits& limits) {
  if (bytes.size() > limits.bytes) {
    return input_error("photo_too_large",
                       fmt::format("the photo has more than {} MiB; reduce it and try again",
                                   limits.bytes >> 20U));
  }
  MAITRED_ASSIGN(const PhotoHeader header, read_any(ByteReader(bytes)));
  if (header.width_px <= 0 || header.height_px <= 0) return unreadable("a side of no pixels");
  if (header.width_px > limits.pixels || header.height_px > limits.pixels / header.width_px) {
    return input_error("photo_too_large",
                       fmt::format("the photo has {} x {} pixels, more than {} million; "
                                   "reduce it and try again",
                                   header.width_px, header.height_px, limits.pixels / 1'000'000));
  }
  return header;
}

Status check_photo_complete(std::span<const std::uint8_t> bytes, PhotoFormat format) {
  const ByteReader reader(bytes);
  const bool complete = format == PhotoFormat::kJpeg  ? jpeg_complete(reader)
                        : format == PhotoFormat::kPng ? png_complete(reader)
                                                      : webp_complete(reader);
  if (!complete) return truncated();
  return {};
}

}  // namespace maitred
