// Answers of maitred-eye: it reads pictures from outside, so nothing it says is taken on trust.
#include <gmock/gmock.h>

#include "src/ctl/verbs/photos/eye_report.h"
#include "src/ctl/verbs/photos/photo_probe.h"
#include "tests/support/photo_line.h"

namespace maitred {
namespace {

using testing::HasSubstr;

TEST(PhotoAnswer, AReportIsHandedOn) {
  const auto report = read_photo_answer(photo_report().dump(), "a.jpg");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(*report, photo_report());
}

TEST(PhotoAnswer, AReportThatLeavesOutWhetherTheFaceIsLiveIsRefused) {
  nlohmann::json report = photo_report();
  report.erase("live");
  const auto answer = read_photo_answer(report.dump(), "a.jpg");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "photo_failed");
}

TEST(PhotoAnswer, AnythingButAnObjectIsAFaultOfTheEye) {
  for (const char* line : {"", "{", "[]", "7", "\"text\"", "null", "{\"a\":1}{\"b\":2}", "\xff",
                           "[[[[[[[[[[[[]]]]]]]]]]]]"}) {
    const auto answer = read_photo_answer(line, "a.jpg");
    ASSERT_FALSE(answer) << line;
    EXPECT_EQ(answer.error().code, "photo_failed") << line;
    EXPECT_EQ(answer.error().fault, Fault::kEnvironment) << line;
  }
}

TEST(PhotoAnswer, ABadPhotoIsNamedAndAFaultOfTheInput) {
  const auto answer =
      read_photo_answer(R"({"error":{"fault":2,"code":"no_face","message":"no face"}})", "a.jpg");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "no_face");
  EXPECT_EQ(answer.error().message, "a.jpg: no face");
  EXPECT_EQ(answer.error().fault, Fault::kInput);
}

TEST(PhotoAnswer, AnErrorWithFieldsMissingOrOfAnotherTypeIsStillAnError) {
  for (const char* line : {R"({"error":null})", R"({"error":"x"})", R"({"error":[]})",
                           R"({"error":{}})", R"({"error":{"code":7,"message":[]}})",
                           R"({"error":{"fault":"2"}})", R"({"error":{"fault":3}})"}) {
    const auto answer = read_photo_answer(line, "a.jpg");
    ASSERT_FALSE(answer) << line;
    EXPECT_EQ(answer.error().code, "photo_failed") << line;
    EXPECT_EQ(answer.error().fault, Fault::kEnvironment) << line;
    EXPECT_FALSE(answer.error().message.empty()) << line;
  }
}

TEST(EyeReport, AnObjectIsHandedOn) {
  const auto report = read_eye_report("{\"frames\":7}\n", "no picture");
  ASSERT_TRUE(report);
  EXPECT_EQ((*report)["frames"], 7);
}

TEST(EyeReport, NothingOrAnythingElseIsTheMessageOfTheCaller) {
  for (const char* text : {"", "\n", "[1]", "{\"a\":", "{\"a\":[[[[1]]]]}"}) {
    const auto report = read_eye_report(text, "no picture within 5s");
    ASSERT_FALSE(report) << text;
    EXPECT_EQ(report.error().code, "trial_failed");
    EXPECT_EQ(report.error().message, "no picture within 5s");
    EXPECT_EQ(report.error().fault, Fault::kEnvironment);
  }
}

TEST(EyeReport, AReportedErrorIsTakenFieldByField) {
  const auto full =
      read_eye_report(R"({"error":{"code":"camera_absent","message":"no device"}})", "none");
  EXPECT_EQ(full.error().code, "camera_absent");
  EXPECT_EQ(full.error().message, "no device");
  const auto half = read_eye_report(R"({"error":{"code":null,"message":"no device"}})", "none");
  EXPECT_EQ(half.error().code, "trial_failed");
  EXPECT_EQ(half.error().message, "no device");
  EXPECT_EQ(read_eye_report(R"({"error":1})", "none").error().message, "none");
}

}  // namespace
}  // namespace maitred
