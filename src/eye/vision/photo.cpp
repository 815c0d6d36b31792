#include "maitred/eye/vision/photo.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "mat.h"
#include "photo_header.h"

namespace maitred {
namespace {

constexpr const char* kConvert = "save the photo as JPEG, PNG or WebP and try again";

tl::unexpected<Error> damaged() {
  return input_error("photo_unreadable",
                     fmt::format("the photo is damaged and cannot be decoded; {}", kConvert));
}

// Turns a picture of EXIF orientation n upright.
cv::Mat upright(const cv::Mat& picture, int orientation) {
  cv::Mat turned = picture;
  // 5 to 8 have rows and columns exchanged.
  if (orientation >= 5) cv::transpose(picture, turned);
  cv::Mat done;
  switch (orientation) {
    case 2:  // mirrored left to right
    case 6:  // turned clockwise
      cv::flip(turned, done, 1);
      return done;
    case 3:
    case 7:
      cv::flip(turned, done, -1);
      return done;
    case 4:
    case 8:
      cv::flip(turned, done, 0);
      return done;
    default:
      return turned;
  }
}

// Converts to 8 bits. The caller refuses floating point, which has no agreed range.
cv::Mat to_bytes(const cv::Mat& picture) {
  if (picture.depth() == CV_8U) return picture;
  cv::Mat bytes;
  picture.convertTo(bytes, CV_8U, 1.0 / 257.0);
  return bytes;
}

cv::Mat on_white(const cv::Mat& bgra) {
  cv::Mat bgr(bgra.size(), CV_8UC3);
  for (int y = 0; y < bgra.rows; ++y) {
    const std::uint8_t* from = bgra.ptr<std::uint8_t>(y);
    std::uint8_t* to = bgr.ptr<std::uint8_t>(y);
    for (int x = 0; x < bgra.cols; ++x, from += 4, to += 3) {
      const int alpha = from[3];
      for (int c = 0; c < 3; ++c) {
        to[c] = static_cast<std::uint8_t>((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
      }
    }
  }
  return bgr;
}

// Empty for an unknown kind of pixels.
cv::Mat to_bgr(const cv::Mat& bytes) {
  cv::Mat bgr;
  switch (bytes.channels()) {
    case 1:
      cv::cvtColor(bytes, bgr, cv::COLOR_GRAY2BGR);
      return bgr;
    case 3:
      return bytes;
    case 4:
      return on_white(bytes);
    default:
      return {};
  }
}

// Decodes a JPEG directly to a half, quarter or eighth if that is still large enough.
int decode_flags(const PhotoHeader& header, const PhotoLimits& limits) {
  if (header.format != PhotoFormat::kJpeg) return cv::IMREAD_UNCHANGED;
  const std::int64_t longest = std::max(header.width_px, header.height_px);
  const int ignore = cv::IMREAD_IGNORE_ORIENTATION;
  if (longest >= 8LL * limits.longest_side_px) return cv::IMREAD_REDUCED_COLOR_8 | ignore;
  if (longest >= 4LL * limits.longest_side_px) return cv::IMREAD_REDUCED_COLOR_4 | ignore;
  if (longest >= 2LL * limits.longest_side_px) return cv::IMREAD_REDUCED_COLOR_2 | ignore;
  return cv::IMREAD_COLOR | ignore;
}

cv::Mat reduce(const cv::Mat& picture, int longest_side_px) {
  const int longest = std::max(picture.cols, picture.rows);
  if (longest <= longest_side_px) return picture;
  const double factor = static_cast<double>(longest_side_px) / longest;
  cv::Mat reduced;
  cv::resize(picture, reduced, {}, factor, factor, cv::INTER_AREA);
  return reduced;
}

}  // namespace

Result<Image> decode_photo(std::span<const std::uint8_t> bytes, const PhotoLimits& limits) {
  MAITRED_ASSIGN(const PhotoHeader header, read_photo_header(bytes, limits));
  MAITRED_TRY(check_photo_complete(bytes, header.format));
  try {
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<std::uint8_t*>(bytes.data()));  // NOLINT: read only
    cv::Mat picture = cv::imdecode(encoded, decode_flags(header, limits));
    if (picture.empty() || picture.depth() > CV_16U) return damaged();
    picture = to_bgr(to_bytes(reduce(picture, limits.longest_side_px)));
    if (picture.empty()) return damaged();
    return image_of(upright(picture, header.orientation).clone());
  } catch (const cv::Exception&) {
    return damaged();
  } catch (const std::bad_alloc&) {
    return input_error("photo_too_large",
                       "the photo needs more memory than a photo may take; reduce it to 2000 "
                       "pixels and try again");
  }
}

}  // namespace maitred
