#include "maitred/matching/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "maitred/matching/decision_policy.h"

namespace maitred {
namespace {

Calibration retail() {
  return Calibration::from_rows(
             {{0.340F, 1e-3, 0.0105}, {0.425F, 1e-4, 0.0285}, {0.504F, 1e-5, 0.0820}})
      .value();
}

TEST(Calibration, GivesBackItsRows) {
  const Calibration calibration = retail();
  EXPECT_NEAR(calibration.fmr(Similarity{0.340F}), 1e-3, 1e-8);
  EXPECT_NEAR(calibration.fmr(Similarity{0.425F}), 1e-4, 1e-9);
  EXPECT_NEAR(calibration.fmr(Similarity{0.504F}), 1e-5, 1e-10);
  EXPECT_NEAR(calibration.fnmr(Similarity{0.340F}), 0.0105, 1e-6);
  EXPECT_NEAR(calibration.fnmr(Similarity{0.504F}), 0.0820, 1e-6);
  EXPECT_NEAR(calibration.threshold_for(1e-4).value, 0.425F, 1e-5F);
}

TEST(Calibration, IsLogLinearBetweenRows) {
  EXPECT_NEAR(retail().fmr(Similarity{(0.340F + 0.425F) / 2.0F}), std::sqrt(1e-7), 1e-7);
}

TEST(Calibration, NeverRisesWithTheThreshold) {
  const Calibration calibration = retail();
  for (float at = -1.0F; at < 1.0F; at += 0.01F) {
    EXPECT_GE(calibration.fmr(Similarity{at}), calibration.fmr(Similarity{at + 0.01F}));
    EXPECT_LE(calibration.fnmr(Similarity{at}), calibration.fnmr(Similarity{at + 0.01F}));
  }
  EXPECT_EQ(calibration.fmr(Similarity{-1.0F}), 1.0);
  EXPECT_LE(calibration.fnmr(Similarity{1.0F}), 1.0);
}

TEST(Calibration, PromisesNoMoreInTheTailThanWasMeasured) {
  const Calibration calibration = retail();
  // The flatter of the two last slopes is the first one here: a decade in .085.
  EXPECT_NEAR(calibration.fmr(Similarity{0.589F}), 1e-6, 1e-8);
  EXPECT_EQ(calibration.fmr(Similarity{0.99F}), Calibration::kLeastFmr);
}

TEST(Calibration, TheThresholdKeepsTheRateAsked) {
  const Calibration calibration = retail();
  for (double fmr = 0.5; fmr > 2e-9; fmr /= 3.0) {
    const Similarity threshold = calibration.threshold_for(fmr);
    EXPECT_LE(calibration.fmr(threshold), fmr);
    EXPECT_GE(calibration.fmr(Similarity{threshold.value - 1e-4F}), fmr * 0.999);
  }
  EXPECT_EQ(calibration.threshold_for(1.0).value, -1.0F);
  EXPECT_LE(calibration.threshold_for(0.0).value, 1.0F);
  EXPECT_EQ(calibration.threshold_for(1e-30).value, 1.0F);
}

TEST(Calibration, RefusesATableThatCannotBe) {
  const auto code = [](std::vector<CalibrationRow> rows) {
    const auto result = Calibration::from_rows(std::move(rows));
    return result ? std::string("accepted") : result.error().code;
  };
  EXPECT_EQ(code({}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 1e-3, 0.01}}), "bad_calibration");
  EXPECT_EQ(code({{0.4F, 1e-3, 0.01}, {0.3F, 1e-4, 0.02}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 1e-3, 0.01}, {0.4F, 1e-3, 0.02}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 1e-3, 0.02}, {0.4F, 1e-4, 0.01}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 0.0, 0.01}, {0.4F, 1e-4, 0.02}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 1e-3, 0.01}, {1.4F, 1e-4, 0.02}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, std::nan(""), 0.01}, {0.4F, 1e-4, 0.02}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 1e-3, 0.0}, {0.4F, 1e-4, 0.0}}), "accepted");
}

TEST(DecisionPolicy, KeepsTheFpirForTheGallery) {
  const DecisionRules rules{.fpir = 1e-3};
  const auto policy = DecisionPolicy::derive(retail(), rules, 200);
  EXPECT_NEAR(1.0 - std::pow(1.0 - policy.fmr(), 200.0), 1e-3, 1e-9);
  EXPECT_NEAR(policy.expected_false_alerts_per_1000(), 1.0, 1e-3);
  EXPECT_NEAR(policy.threshold(1.0).value, 0.504F + 0.085F * 0.301F, 2e-3F);
  EXPECT_GT(policy.threshold(), policy.threshold(1.0));
  EXPECT_NEAR(policy.expected_miss_rate(), retail().fnmr(policy.threshold()), 1e-9);
  EXPECT_GT(policy.expected_miss_rate(), 0.082);
}

TEST(DecisionPolicy, GrowsStricterWithTheGallery) {
  const DecisionRules rules;
  float last = -1.0F;
  for (const std::size_t size : {1U, 10U, 100U, 1000U, 10000U}) {
    const float now = DecisionPolicy::derive(retail(), rules, size).threshold().value;
    EXPECT_GT(now, last);
    last = now;
  }
  EXPECT_EQ(DecisionPolicy::derive(retail(), rules, 0).expected_false_alerts_per_1000(), 0.0);
}

TEST(DecisionPolicy, SaysWhenItCannotKeepTheTarget) {
  const DecisionRules rules{.fpir = 1e-6};
  const auto policy = DecisionPolicy::derive(retail(), rules, 100000);
  EXPECT_GT(policy.expected_false_alerts_per_1000(), 1e-3 * 10.0);
}

TEST(DecisionPolicy, LooksNeverSpendMoreThanThereIs) {
  const auto policy = DecisionPolicy::derive(retail(), {}, 200);
  // Every course a track can take: fused frames grow by 0, 1 or 4 from sighting to sighting.
  for (int course = 0; course < 729; ++course) {
    DecisionPolicy::Looks looks;
    std::uint32_t frames = 1;
    double sum = 0.0;
    int rest = course;
    for (int step = 0; step < 30; ++step, rest /= 3) {
      const double share = policy.spend(looks, frames);
      EXPECT_GE(share, 0.0);
      sum += share;
      EXPECT_NEAR(sum, looks.spent, 1e-12);
      const int kind = rest % 3;
      frames = std::min<std::uint32_t>(8, frames + (kind == 0 ? 1U : kind == 1 ? 0U : 4U));
    }
    sum += policy.spend_rest(looks);
    EXPECT_NEAR(sum, 1.0, 1e-9);
    EXPECT_EQ(policy.spend_rest(looks), 0.0);
  }
}

TEST(DecisionPolicy, AnEarlyLookNeedsAClearMatch) {
  const auto policy = DecisionPolicy::derive(retail(), {}, 200);
  DecisionPolicy::Looks looks;
  EXPECT_NEAR(policy.spend(looks, 1), 0.04, 1e-12);
  EXPECT_NEAR(policy.spend(looks, 2), 0.04, 1e-12);
  EXPECT_EQ(policy.spend(looks, 2), 0.0);
  EXPECT_NEAR(policy.spend(looks, 3), 0.67, 1e-12);
  EXPECT_EQ(policy.spend(looks, 4), 0.0);
  EXPECT_NEAR(policy.spend(looks, 6), 0.17, 1e-12);
  EXPECT_NEAR(policy.spend(looks, 7), 0.04, 1e-12);
  DecisionPolicy::Looks late;
  EXPECT_NEAR(policy.spend(late, 8), 0.92, 1e-12) << "what was not spent is not lost";
  EXPECT_EQ(policy.confidence(policy.threshold(0.04)), Confidence::kHigh);
  EXPECT_EQ(policy.confidence(policy.threshold(0.05)), Confidence::kMedium);
}

}  // namespace
}  // namespace maitred
