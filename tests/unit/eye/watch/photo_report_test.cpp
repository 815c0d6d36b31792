#include "maitred/eye/watch/photo_report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maitred/base/file.h"
#include "maitred/link/photo_line.h"
#include "tests/unit/eye/watch/scripted_engine.h"

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
  const auto read = read_photo_line(*report);  // as the core and maitredctl read it
  EXPECT_TRUE(read) << read.error().message;
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

std::string with_size(const std::vector<std::uint8_t>& bytes) {
  std::string message;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    message += static_cast<char>(static_cast<unsigned char>(bytes.size() >> shift));
  }
  return message.append(bytes.begin(), bytes.end());
}

// What report_photos answers to this input, line by line.
std::vector<json> answers_to(const std::string& input) {
  Script script;
  script.faces = {{4, 320, 240, 200}};
  Engine engine = scripted_engine(script);
  std::FILE* in = std::tmpfile();
  std::FILE* out = std::tmpfile();
  std::fwrite(input.data(), 1, input.size(), in);
  std::rewind(in);
  EXPECT_TRUE(report_photos(engine, Purpose::kEnrol, fileno(in), fileno(out)));
  std::rewind(out);
  std::vector<json> lines;
  std::string line;
  for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    lines.push_back(json::parse(line));
    line.clear();
  }
  std::fclose(in);
  std::fclose(out);
  return lines;
}

TEST(ReportPhotos, AnswersEachPhotoWithALine) {
  const std::string good = with_size(photo());
  const std::string bad = with_size({'n', 'o', ' ', 'p', 'h', 'o', 't', 'o'});
  const auto lines = answers_to(good + bad + good);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["engine"], "scripted");
  EXPECT_EQ(lines[1]["error"]["fault"], 2);
  EXPECT_EQ(lines[2]["template"], lines[0]["template"]);
}

TEST(ReportPhotos, EndsWhereTheInputIsCutOrTooLarge) {
  const std::string good = with_size(photo());
  EXPECT_EQ(answers_to("").size(), 0U);
  EXPECT_EQ(answers_to(good + good.substr(0, 3)).size(), 1U);
  EXPECT_EQ(answers_to(good.substr(0, good.size() - 1)).size(), 0U);
  const auto huge = answers_to(std::string("\xff\xff\xff\xff") + good);
  ASSERT_EQ(huge.size(), 1U);
  EXPECT_EQ(huge[0]["error"]["code"], "photo_too_large");
}

}  // namespace
}  // namespace maitred
