#include "maitred/shop/visits/false_alerts.h"

#include <gtest/gtest.h>

#include <cmath>

namespace maitred {
namespace {

using namespace std::chrono_literals;

const WallTime kCountNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 10h};
constexpr double kTarget = 1e-3;

// Tables of the Poisson distribution.
TEST(Poisson, IsThatOfTheTables) {
  EXPECT_DOUBLE_EQ(poisson_at_least(0, 3.0), 1.0);
  EXPECT_NEAR(poisson_at_least(1, 1.0), 1.0 - std::exp(-1.0), 1e-12);
  EXPECT_NEAR(poisson_at_least(3, 0.1), 1.5465e-4, 1e-8);
  EXPECT_NEAR(poisson_at_least(10, 10.0), 0.542070, 1e-6);
  EXPECT_NEAR(poisson_at_least(200, 100.0) / 1e-18, 0.0, 1.0);
  EXPECT_NEAR(poisson_at_least(1, 1000.0), 1.0, 1e-12);
  EXPECT_EQ(poisson_at_least(1, 0.0), 0.0);
  EXPECT_EQ(poisson_at_least(1000, 1e-3), 0.0);  // less than a double can say
}

AnswerRecord record_of(std::uint64_t visitors, std::uint64_t wrong, WallTime at = kCountNow) {
  AnswerRecord record;
  for (std::uint64_t i = 0; i < visitors; ++i) record.visitor(at);
  for (std::uint64_t i = 0; i < wrong; ++i) record.wrong(at);
  return record;
}

TEST(FalseAlerts, ACameraThatKeepsToItsTargetStays) {
  EXPECT_FALSE(camera_exceeds(record_of(10'000, 10).tally(kCountNow), kTarget));
  EXPECT_FALSE(camera_exceeds(record_of(10'000, 15).tally(kCountNow), kTarget)) << "may be chance";
  EXPECT_FALSE(camera_exceeds(record_of(50, 2).tally(kCountNow), kTarget)) << "may be slips";
}

TEST(FalseAlerts, ACameraThatDoesNotIsFound) {
  EXPECT_TRUE(camera_exceeds(record_of(50, 3).tally(kCountNow), kTarget));
  EXPECT_TRUE(camera_exceeds(record_of(10'000, 30).tally(kCountNow), kTarget));
  EXPECT_FALSE(camera_exceeds(record_of(10'000, 30).tally(kCountNow), 1e-2));
}

// At the target, the certainty holds: of many shops about one in a thousand is suspended wrongly.
TEST(FalseAlerts, ChanceAloneHardlyEverSuspends) {
  std::uint64_t least = kLeastWrong;
  while (!camera_exceeds({20'000, least}, kTarget)) ++least;
  EXPECT_LT(poisson_at_least(least, 20.0), 1.1e-3);
  EXPECT_GT(poisson_at_least(least - 1, 20.0), 0.9e-3);
}

TEST(FalseAlerts, WhatIsLongAgoDoesNotCount) {
  AnswerRecord record = record_of(10, 5, kCountNow - kAnswersCount - 24h);
  EXPECT_EQ(record.tally(kCountNow).wrong, 0U);
  EXPECT_EQ(record.tally(kCountNow - 3 * 24h).wrong, 5U);
  record.visitor(kCountNow);
  EXPECT_EQ(record.days().size(), 1U) << "and is not kept";
  EXPECT_EQ(record.tally(kCountNow).visitors, 1U);
}

TEST(FalseAlerts, DaysOutOfOrderAreJoined) {
  AnswerRecord record;
  for (const auto ago : {0h, 48h, 24h, 48h, 1h}) record.visitor(kCountNow - ago);
  ASSERT_EQ(record.days().size(), 3U);
  EXPECT_LT(record.days()[0].day, record.days()[1].day);
  EXPECT_EQ(record.tally(kCountNow).visitors, 5U);
}

TEST(FalseAlerts, EachWrongAnswerRaisesTheThresholdAsFarAsItMay) {
  Caution caution;
  for (std::uint32_t i = 1; i <= kMostCaution; ++i) {
    note_wrong_answer(caution, kCountNow);
    EXPECT_EQ(caution.steps, i);
  }
  for (int i = 0; i < 40; ++i) note_wrong_answer(caution, kCountNow);
  EXPECT_EQ(caution.steps, kMostCaution);
  EXPECT_EQ(caution.wrong.size(), kMostWrongAnswers);
}

TEST(FalseAlerts, ACustomerIsSuspendedOnlyWhenARaisedThresholdDoesNotHelp) {
  Caution caution;
  for (std::uint32_t i = 0; i < kMostCaution; ++i) {
    note_wrong_answer(caution, kCountNow);
    EXPECT_FALSE(customer_exceeds(caution, kCountNow, 500, kTarget, 100));
  }
  note_wrong_answer(caution, kCountNow);
  EXPECT_TRUE(customer_exceeds(caution, kCountNow, 500, kTarget, 100));
  EXPECT_FALSE(customer_exceeds(caution, kCountNow + kAnswersCount + 24h, 500, kTarget, 100));
  // In a shop with very many visitors four are to be expected.
  EXPECT_FALSE(customer_exceeds(caution, kCountNow, 400'000, kTarget, 100));
}

}  // namespace
}  // namespace maitred
