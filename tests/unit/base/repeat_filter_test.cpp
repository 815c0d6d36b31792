#include "maitred/base/repeat_filter.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

TEST(RepeatFilter, SaysAFewAndCountsTheRest) {
  RepeatFilter filter;
  const Timestamp start{};
  int said = 0;
  for (int i = 0; i < 100; ++i) said += filter.judge("camera lost", start).say ? 1 : 0;
  EXPECT_EQ(said, static_cast<int>(RepeatFilter::kPerWindow));
  const auto later = filter.judge("camera lost", start + std::chrono::seconds{11});
  EXPECT_TRUE(later.say);
  EXPECT_EQ(later.kept_back, 100U - RepeatFilter::kPerWindow);
  EXPECT_EQ(filter.judge("camera lost", start + std::chrono::seconds{12}).kept_back, 0U);
}

TEST(RepeatFilter, AnotherTextIsAnotherMatter) {
  RepeatFilter filter;
  for (int i = 0; i < 10; ++i) filter.judge("camera lost", Timestamp{});
  EXPECT_TRUE(filter.judge("camera found", Timestamp{}).say);
}

TEST(RepeatFilter, ForgetsRatherThanGrows) {
  RepeatFilter filter;
  for (std::size_t i = 0; i < 20 * RepeatFilter::kMostTexts; ++i) {
    EXPECT_TRUE(filter.judge("visit " + std::to_string(i), Timestamp{}).say);
  }
}

}  // namespace
}  // namespace maitred
