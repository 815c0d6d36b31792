#include "maitred/base/log.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

namespace maitred {
namespace {

TEST(Log, RefusesALevelThatIsNone) {
  EXPECT_EQ(start_logging("test", "loud").error().code, "bad_level");
  EXPECT_EQ(start_logging("test", "").error().code, "bad_level");
}

TEST(Log, ShowsWhatTheLevelSaysAndNamesTheProgram) {
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(start_logging("maitred-eye", "warn"));
  spdlog::info("not shown");
  spdlog::warn("shown");
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("not shown"), std::string::npos);
  EXPECT_NE(text.find("maitred-eye"), std::string::npos);
  EXPECT_NE(text.find("shown"), std::string::npos);
  for (const char* level : {"trace", "debug", "info", "warn", "error", "off"}) {
    EXPECT_TRUE(start_logging("test", level)) << level;
  }
}

TEST(Log, AModuleMayHaveALevelOfItsOwn) {
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(start_logging("maitred", "warn"));
  spdlog::logger& capture = module_logger("capture");
  spdlog::logger& store = module_logger("store");
  capture.info("too early");
  ASSERT_TRUE(set_log_level("warn", {{"capture", "info"}}));
  capture.info("picture");
  store.info("row");
  ASSERT_TRUE(set_log_level("warn"));
  capture.info("too late");
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("maitred/capture info: picture"), std::string::npos) << text;
  for (const char* hidden : {"too early", "row", "too late"}) {
    EXPECT_EQ(text.find(hidden), std::string::npos) << hidden;
  }
  EXPECT_EQ(set_log_level("warn", {{"capture", "loud"}}).error().code, "bad_level");
}

}  // namespace
}  // namespace maitred
