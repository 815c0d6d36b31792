#include "maitred/eye/vision/photo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>
#include <string>
#include <string_view>

#include "maitred/base/file.h"
#include "tests/unit/eye/vision/test_media.h"

namespace maitred {
namespace {

using test::encoded;
using test::mat_of;
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

// Four colours, so that every turn and mirror shows.
cv::Mat corners(int width = 64, int height = 32) {
  cv::Mat picture(height, width, CV_8UC3, cv::Scalar(200, 200, 200));
  const cv::Size half(width / 2, height / 2);
  picture(cv::Rect({0, 0}, half)).setTo(cv::Scalar(0, 0, 255));
  picture(cv::Rect({half.width, 0}, half)).setTo(cv::Scalar(0, 255, 0));
  picture(cv::Rect({0, half.height}, half)).setTo(cv::Scalar(255, 0, 0));
  return picture;
}

std::string code_of(const Bytes& bytes, const PhotoLimits& limits = {}) {
  const auto decoded = decode_photo(bytes, limits);
  if (decoded) return "ok";
  EXPECT_EQ(decoded.error().fault, Fault::kInput);
  return decoded.error().code;
}

Bytes text(std::string_view words) { return {words.begin(), words.end()}; }

cv::Vec3b pixel(const Image& image, double x, double y) {
  const cv::Mat mat = mat_of(image.view);
  return mat.at<cv::Vec3b>(static_cast<int>(y * mat.rows), static_cast<int>(x * mat.cols));
}

void expect_near(const cv::Vec3b& seen, const cv::Vec3b& wanted) {
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(seen[c], wanted[c], 30) << "channel " << c;
}

std::uint32_t crc_of(const Bytes& bytes, std::size_t from) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (std::size_t i = from; i < bytes.size(); ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

void put_big(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
  }
}

// A well-formed PNG of those sides and next to no data.
Bytes png_saying(std::uint32_t width, std::uint32_t height) {
  Bytes png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  const auto chunk = [&png](std::string_view name, const Bytes& body) {
    put_big(png, static_cast<std::uint32_t>(body.size()));
    const std::size_t from = png.size();
    png.insert(png.end(), name.begin(), name.end());
    png.insert(png.end(), body.begin(), body.end());
    put_big(png, crc_of(png, from));
  };
  Bytes header;
  put_big(header, width);
  put_big(header, height);
  header.insert(header.end(), {8, 2, 0, 0, 0});
  chunk("IHDR", header);
  chunk("IDAT", {0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01});
  chunk("IEND", {});
  return png;
}

// The JPEG with an EXIF block that says how it lies.
Bytes with_orientation(const Bytes& jpeg, std::uint8_t orientation, bool little) {
  Bytes tiff = little ? Bytes{'I', 'I', 42, 0, 8, 0,           0, 0, 1, 0, 0x12, 0x01, 3,
                              0,   1,   0,  0, 0, orientation, 0, 0, 0, 0, 0,    0,    0}
                      : Bytes{'M', 'M', 0, 42, 0, 0, 0,           8, 0, 1, 0x01, 0x12, 0,
                              3,   0,   0, 0,  1, 0, orientation, 0, 0, 0, 0,    0,    0};
  Bytes out = {0xFF, 0xD8, 0xFF, 0xE1};
  const std::size_t size = 2 + 6 + tiff.size();
  out.push_back(static_cast<std::uint8_t>(size >> 8U));
  out.push_back(static_cast<std::uint8_t>(size));
  for (const char c : {'E', 'x', 'i', 'f', '\0', '\0'}) out.push_back(static_cast<std::uint8_t>(c));
  out.insert(out.end(), tiff.begin(), tiff.end());
  out.insert(out.end(), jpeg.begin() + 2, jpeg.end());
  return out;
}

TEST(DecodePhoto, ReadsJpegPngAndWebp) {
  for (const char* ending : {".jpg", ".png", ".webp"}) {
    const auto decoded = decode_photo(encoded(corners(), ending));
    ASSERT_TRUE(decoded) << ending << ": " << decoded.error().message;
    EXPECT_EQ(decoded->view.width_px, 64) << ending;
    EXPECT_EQ(decoded->view.height_px, 32) << ending;
    expect_near(pixel(*decoded, 0.25, 0.25), {0, 0, 255});
    expect_near(pixel(*decoded, 0.75, 0.25), {0, 255, 0});
  }
}

TEST(DecodePhoto, GreyAndDeepPicturesBecomeOrdinaryOnes) {
  cv::Mat grey;
  cv::cvtColor(corners(), grey, cv::COLOR_BGR2GRAY);
  cv::Mat deep;
  corners().convertTo(deep, CV_16U, 257.0);
  cv::Mat deep_grey;
  grey.convertTo(deep_grey, CV_16U, 257.0);
  const auto from_deep = decode_photo(encoded(deep, ".png"));
  ASSERT_TRUE(from_deep);
  expect_near(pixel(*from_deep, 0.25, 0.75), {255, 0, 0});
  for (const cv::Mat& one : {grey, deep_grey}) {
    const auto decoded = decode_photo(encoded(one, ".png"));
    ASSERT_TRUE(decoded);
    const std::uint8_t level = grey.at<std::uint8_t>(8, 48);
    expect_near(pixel(*decoded, 0.75, 0.25), {level, level, level});
  }
  const auto grey_jpeg = decode_photo(encoded(grey, ".jpg"));
  ASSERT_TRUE(grey_jpeg);
  EXPECT_EQ(grey_jpeg->view.width_px, 64);
}

TEST(DecodePhoto, WhatIsTransparentIsWhite) {
  for (const int depth : {CV_8U, CV_16U}) {
    const double most = depth == CV_8U ? 255.0 : 65535.0;
    cv::Mat picture(32, 64, CV_MAKETYPE(depth, 4), cv::Scalar(0, 0, most, most));
    picture(cv::Rect(32, 0, 32, 32)).setTo(cv::Scalar(0, 0, most, 0));
    picture(cv::Rect(32, 16, 32, 16)).setTo(cv::Scalar(0, 0, most, most / 2));
    const auto decoded = decode_photo(encoded(picture, ".png"));
    ASSERT_TRUE(decoded);
    expect_near(pixel(*decoded, 0.25, 0.5), {0, 0, 255});
    expect_near(pixel(*decoded, 0.75, 0.25), {255, 255, 255});
    expect_near(pixel(*decoded, 0.75, 0.75), {127, 127, 255});
  }
}

TEST(DecodePhoto, TurnsThePictureUpright) {
  // What a camera stores, for each orientation, of a scene that looks like corners().
  const cv::Mat scene = corners();
  const Bytes plain = encoded(scene, ".jpg");
  struct Case {
    std::uint8_t orientation;
    int width;
    cv::Vec3b upper_left, upper_right;
  };
  const cv::Vec3b red(0, 0, 255);
  const cv::Vec3b green(0, 255, 0);
  const cv::Vec3b blue(255, 0, 0);
  const cv::Vec3b grey(200, 200, 200);
  const std::vector<Case> cases = {{1, 64, red, green},  {2, 64, green, red}, {3, 64, grey, blue},
                                   {4, 64, blue, grey},  {5, 32, red, blue},  {6, 32, blue, red},
                                   {7, 32, grey, green}, {8, 32, green, grey}};
  for (const Case& one : cases) {
    for (const bool little : {true, false}) {
      const auto decoded = decode_photo(with_orientation(plain, one.orientation, little));
      ASSERT_TRUE(decoded);
      EXPECT_EQ(decoded->view.width_px, one.width) << int{one.orientation};
      expect_near(pixel(*decoded, 0.25, 0.25), one.upper_left);
      expect_near(pixel(*decoded, 0.75, 0.25), one.upper_right);
    }
  }
}

TEST(DecodePhoto, ABrokenOrientationIsNoOrientation) {
  const auto decoded = decode_photo(with_orientation(encoded(corners(), ".jpg"), 77, true));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->view.width_px, 64);
}

TEST(DecodePhoto, ReducesLargePictures) {
  PhotoLimits limits;
  limits.longest_side_px = 100;
  for (const char* ending : {".jpg", ".png"}) {
    for (const int width : {101, 250, 900}) {
      const auto decoded = decode_photo(encoded(corners(width, width / 2), ending), limits);
      ASSERT_TRUE(decoded);
      EXPECT_LE(decoded->view.width_px, 100);
      EXPECT_GE(decoded->view.width_px, 99);
      expect_near(pixel(*decoded, 0.25, 0.25), {0, 0, 255});
    }
  }
}

TEST(DecodePhoto, RefusesWhatIsNoImage) {
  EXPECT_EQ(code_of({}), "photo_not_image");
  EXPECT_EQ(code_of(text("just some text that was renamed to .jpg")), "photo_not_image");
  EXPECT_EQ(code_of(text("GIF89a\x01\x02\x03\x04\x05\x06\x07\x08")), "photo_not_image");
  EXPECT_EQ(code_of(text("RIFF\x10\x20\x30\x40WAVEfmt more bytes than that, surely")),
            "photo_not_image");
  EXPECT_EQ(code_of(encoded(corners(), ".bmp")), "photo_not_image");
}

TEST(DecodePhoto, RefusesAGigapixelPngWithoutDecodingIt) {
  const Bytes png = png_saying(60000, 60000);
  EXPECT_EQ(code_of(png), "photo_too_large");
  EXPECT_THAT(decode_photo(png).error().message, HasSubstr("60000"));
  EXPECT_EQ(code_of(png_saying(0x7FFFFFFF, 0x7FFFFFFF)), "photo_too_large");
  EXPECT_EQ(code_of(png_saying(0xFFFFFFFF, 1)), "photo_too_large");
  EXPECT_EQ(code_of(png_saying(0, 10)), "photo_unreadable");
}

TEST(DecodePhoto, RefusesTooManyBytes) {
  PhotoLimits limits;
  limits.bytes = 100;
  EXPECT_EQ(code_of(encoded(corners(), ".jpg"), limits), "photo_too_large");
}

TEST(DecodePhoto, RefusesACutPhotoWhereverItIsCut) {
  cv::Mat noise(64, 64, CV_8UC3);
  cv::randu(noise, 0, 255);
  for (const char* ending : {".jpg", ".png", ".webp"}) {
    const Bytes whole = encoded(noise, ending);
    for (std::size_t size = 3; size + 2 < whole.size(); size += 1 + size / 20) {
      const std::string code =
          code_of(Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
      EXPECT_TRUE(code == "photo_truncated" || (size < 16 && code == "photo_not_image"))
          << ending << " cut to " << size << ": " << code;
    }
  }
}

TEST(DecodePhoto, ABitFlippedPhotoIsRefusedOrDecodedButNeverMore) {
  cv::Mat noise(48, 48, CV_8UC3);
  cv::randu(noise, 0, 255);
  for (const char* ending : {".jpg", ".png", ".webp"}) {
    const Bytes whole = encoded(noise, ending);
    for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 200) {
      Bytes flipped = whole;
      flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ 0x55U);
      const auto decoded = decode_photo(flipped);
      if (!decoded) {
        EXPECT_EQ(decoded.error().fault, Fault::kInput);
      }
    }
  }
}

TEST(PhotoHeader, TellsTheSizeOfEachFormat) {
  for (const char* ending : {".jpg", ".png", ".webp"}) {
    const auto header = read_photo_header(encoded(corners(70, 34), ending));
    ASSERT_TRUE(header) << ending;
    EXPECT_EQ(header->width_px, 70) << ending;
    EXPECT_EQ(header->height_px, 34) << ending;
  }
}

TEST(PhotoHeader, ReadsRealPhotos) {
  MAITRED_NEEDS_SHARED("data/photos");
  for (const auto& entry :
       std::filesystem::directory_iterator(test::shared_folder() / "data/photos")) {
    const auto bytes = read_file(entry.path(), std::size_t{16} << 20U);
    ASSERT_TRUE(bytes);
    const auto header = read_photo_header(*bytes);
    ASSERT_TRUE(header) << entry.path();
    const auto decoded = decode_photo(*bytes);
    ASSERT_TRUE(decoded) << entry.path() << decoded.error().message;
    EXPECT_LE(std::max(decoded->view.width_px, decoded->view.height_px), 2048);
    EXPECT_NEAR(static_cast<double>(header->width_px) / static_cast<double>(header->height_px),
                static_cast<double>(decoded->view.width_px) / decoded->view.height_px, 0.01);
  }
}

}  // namespace
}  // namespace maitred
