#include "maitred/eye/photo_report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maitred/base/file.h"
#include "tests/unit/eye/scripted_engine.h"

namespace maitred {
namespace {

using nlohmann::json;
using test::Script;
using test::scripted_engine;

// A picture with detail everywhere.
std::vector<std::uint8_t> photo() {
  cv::Mat coarse(60, 80, CV_8UC3);
  cv::randu(coarse, 70, 190);
  cv::Mat picture;
  cv::resize(coarse, picture, {640, 480}, 0, 0, cv::INTER_CUBIC);
  cv::Mat fine(picture.size(), CV_8UC3);
  cv::randu(fine, 0, 40);
  picture += fine;
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", picture, bytes);
  return bytes;
}

std::string code(const Result<std::string>& report) { return report ? "ok" : report.error().code; }

TEST(ReportPhoto, SaysTemplateBoxAndQuality) {
  Script script;
  script.faces = {{4, 320, 240, 200}};
  Engine engine = scripted_engine(script);
  const auto report = report_photo(engine, photo(), Purpose::kEnrol);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->find('\n'), std::string::npos);
  const json object = json::parse(*report);
  EXPECT_EQ(object["engine"], "scripted");
  EXPECT_EQ(object["faces"], 1);
  EXPECT_NEAR(object["box"][0].get<double>(), 220.0, 0.01);
  EXPECT_NEAR(object["box"][2].get<double>(), 200.0, 0.01);
  for (const char* part : {"size", "sharpness", "light", "pose", "overall"}) {
    EXPECT_GE(object["quality"][part].get<double>(), 0.0) << part;
    EXPECT_LE(object["quality"][part].get<double>(), 1.0) << part;
  }
  EXPECT_TRUE(object["warnings"].empty());

  const auto bytes = from_base64(object["template"].get<std::string>());
  ASSERT_TRUE(bytes);
  ASSERT_EQ(bytes->size(), sizeof(float) * test::kTemplateLength);
  std::vector<float> values(test::kTemplateLength);
  std::memcpy(values.data(), bytes->data(), bytes->size());
  float square = 0.0F;
  for (const float value : values) square += value * value;
  EXPECT_NEAR(square, 1.0F, 1e-5F);
  EXPECT_GT(values[4], 0.9F);
}

TEST(ReportPhoto, AProbeIsRefusedForWantOfAFaceOnly) {
  Script script;
  Engine engine = scripted_engine(script);
  EXPECT_EQ(code(report_photo(engine, photo(), Purpose::kEnrol)), "no_face");
  EXPECT_EQ(code(report_photo(engine, photo(), Purpose::kProbe)), "no_face");
  script.faces = {{1, 200, 240, 150}, {2, 440, 240, 150}};
  EXPECT_EQ(code(report_photo(engine, photo(), Purpose::kEnrol)), "several_faces");
  const auto several = report_photo(engine, photo(), Purpose::kProbe);
  ASSERT_TRUE(several);
  EXPECT_FALSE(json::parse(*several)["warnings"].empty());
  script.faces = {{1, 320, 240, 40}};
  EXPECT_EQ(code(report_photo(engine, photo(), Purpose::kEnrol)), "too_small");
  const auto small = report_photo(engine, photo(), Purpose::kProbe);
  ASSERT_TRUE(small);
  EXPECT_FALSE(json::parse(*small)["warnings"].empty());
}

TEST(ReportPhoto, BytesThatAreNoImageAreRefused) {
  Script script;
  Engine engine = scripted_engine(script);
  const std::string text = "not an image at all";
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  EXPECT_EQ(code(report_photo(engine, bytes, Purpose::kProbe)), "photo_not_image");
  EXPECT_EQ(script.detected, 0);
}

TEST(ErrorJson, IsOneObject) {
  const json object = json::parse(error_json({Fault::kInput, "no_face", "a \"quoted\" word"}));
  EXPECT_EQ(object["error"]["code"], "no_face");
  EXPECT_EQ(object["error"]["message"], "a \"quoted\" word");
}

}  // namespace
}  // namespace maitred
