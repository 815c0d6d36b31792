#include "maitred/base/stranger_log.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <sstream>

namespace maitred {
namespace {

TEST(StrangerLog, AStrangerCannotFillTheLogByChangingHisWords) {
  std::ostringstream text;
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
  for (int i = 0; i < 1000; ++i) {
    log_stranger(logger, spdlog::level::warn, "test one", "asked for /" + std::to_string(i));
  }
  const std::string shown = text.str();
  EXPECT_LE(std::count(shown.begin(), shown.end(), '\n'), 10);
  EXPECT_NE(shown.find("asked for /0"), std::string::npos);
  log_stranger(logger, spdlog::level::warn, "test two", "another kind is still logged");
  EXPECT_NE(text.str().find("another kind"), std::string::npos);
}

}  // namespace
}  // namespace maitred
