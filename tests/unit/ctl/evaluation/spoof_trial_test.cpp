#include "maitred/ctl/evaluation/spoof_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maitred {
namespace {

using ::testing::ElementsAre;

TEST(SpoofTrial, EachKindOfAttackHasItsOwnRate) {
  const SpoofTrial trial = judge_presentations({{"", "a", 1, 0.9},
                                                {"", "b", 1, 0.1},
                                                {"", "c", 1, 0.8},
                                                {"", "d", 8, 0.5},
                                                {"", "e", 1, std::nullopt},
                                                {"print", "f", 1, 0.4},
                                                {"print", "g", 1, 0.6},
                                                {"replay", "h", 9, 0.0},
                                                {"replay", "i", 9, std::nullopt}},
                                               0.5);
  EXPECT_EQ(trial.bona_fide.presentations, 4U);
  EXPECT_EQ(trial.bona_fide.no_response, 1U);
  EXPECT_DOUBLE_EQ(trial.bona_fide.rate, 0.25) << "at the threshold is live";
  ASSERT_EQ(trial.attacks.size(), 2U);
  EXPECT_EQ(trial.attacks[0].kind, "print");
  EXPECT_DOUBLE_EQ(trial.attacks[0].rate, 0.5);
  EXPECT_EQ(trial.attacks[1].kind, "replay");
  EXPECT_DOUBLE_EQ(trial.attacks[1].rate, 0.0);
  EXPECT_EQ(trial.attacks[1].no_response, 1U);
  EXPECT_GT(trial.attacks[1].high, 0.5) << "one presentation says little";
  EXPECT_THAT(trial.mistaken, ElementsAre("b", "g"));
}

TEST(SpoofTrial, NothingIsNoError) {
  const SpoofTrial trial = judge_presentations({}, 0.5);
  EXPECT_EQ(trial.bona_fide.presentations, 0U);
  EXPECT_TRUE(trial.attacks.empty());
}

TEST(SpoofTrial, FoldersOfLiveFacesAreKnownByTheirNames) {
  for (const char* name : {"live", "Real", "bona-fide", "GENUINE"}) {
    EXPECT_EQ(attack_kind(name), "") << name;
  }
  EXPECT_EQ(attack_kind("Print_A4"), "Print_A4");
}

}  // namespace
}  // namespace maitred
