#include "maitred/shop/matching/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "maitred/shop/matching/decision_policy.h"

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
  EXPECT_EQ(code({{-1.4F, 1e-3, 0.01}, {0.4F, 1e-4, 0.02}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 1.5, 0.01}, {0.4F, 1e-4, 0.02}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 1e-3, -0.01}, {0.4F, 1e-4, 0.02}}), "bad_calibration");
  EXPECT_EQ(code({{0.3F, 1e-3, 0.01}, {0.4F, 1e-4, 1.02}}), "bad_calibration");
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

TEST(DecisionPolicy, AnEarlyLookNeedsAClearMatch) {
  const auto policy = DecisionPolicy::derive(retail(), {}, 200);
  DecisionPolicy::Attempts attempts;
  EXPECT_EQ(policy.spend(attempts, 0), 0.0);
  const double early = policy.spend(attempts, 1);
  EXPECT_GT(early, 0.0);
  EXPECT_LT(early, 0.1);
  EXPECT_EQ(policy.spend(attempts, 2), early);
  EXPECT_EQ(policy.spend(attempts, 2), 0.0);  // twice is enough
  EXPECT_GT(policy.spend(attempts, 3), early);
  EXPECT_GT(policy.threshold(early), policy.threshold(policy.spend(attempts, 8)));
}

// Strangers whose fused templates change from look to look, as those of tracks do: the false alerts
// of whole tracks stay near the target although there are many attempts.
TEST(DecisionPolicy, ManyLooksKeepToTheTarget) {
  constexpr int kLength = 64;
  constexpr int kGallery = 50;
  constexpr int kTracks = 8000;
  constexpr double kFpir = 0.02;
  std::mt19937 random(20261122);
  std::normal_distribution<float> normal;
  const auto draw = [&] {
    std::array<float, kLength> values{};
    for (float& value : values) value = normal(random);
    return values;
  };
  const auto unit = [](std::array<float, kLength> values) {
    float squares = 0.0F;
    for (const float value : values) squares += value * value;
    for (float& value : values) value /= std::sqrt(squares);
    return values;
  };
  // The FMR of unit vectors of this length, counted.
  std::vector<CalibrationRow> rows;
  std::vector<float> scores;
  for (int i = 0; i < 400'000; ++i) {
    const auto one = unit(draw());
    scores.push_back(one[0]);  // against any fixed direction
  }
  std::sort(scores.begin(), scores.end(), std::greater<>());
  for (const double fmr : {1e-1, 1e-2, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5}) {
    const auto rank = static_cast<std::size_t>(fmr * static_cast<double>(scores.size()));
    rows.push_back({scores[rank], fmr, 0.0});
  }
  const auto policy = DecisionPolicy::derive(Calibration::from_rows(rows).value(),
                                             DecisionRules{.fpir = kFpir}, kGallery);
  std::vector<std::array<float, kLength>> gallery;
  for (int i = 0; i < kGallery; ++i) gallery.push_back(unit(draw()));
  int alerts = 0;
  for (int track = 0; track < kTracks; ++track) {
    const auto person = draw();
    std::vector<std::array<float, kLength>> kept;
    DecisionPolicy::Attempts attempts;
    bool alert = false;
    for (int frame = 0; frame < 40; ++frame) {  // of which the last eight are fused
      auto seen = draw();
      for (std::size_t i = 0; i < kLength; ++i) seen[i] = person[i] + 0.6F * seen[i];
      kept.push_back(seen);
      if (kept.size() > 8) kept.erase(kept.begin());
      std::array<float, kLength> fused{};
      for (const auto& one : kept) {
        for (std::size_t i = 0; i < kLength; ++i) fused[i] += one[i];
      }
      fused = unit(fused);
      const double share = policy.spend(attempts, static_cast<std::uint32_t>(kept.size()));
      if (share <= 0.0) continue;
      const float threshold = policy.threshold(share).value;
      for (const auto& row : gallery) {
        const float score = std::inner_product(row.begin(), row.end(), fused.begin(), 0.0F);
        alert = alert || score >= threshold;
      }
    }
    alerts += alert ? 1 : 0;
  }
  const double measured = static_cast<double>(alerts) / kTracks;
  RecordProperty("fpir", std::to_string(measured));
  EXPECT_GT(measured, kFpir / 2.0);
  EXPECT_LT(measured, kFpir * 1.5);
}

}  // namespace
}  // namespace maitred
