// The figures of an evaluation, on made-up people whose true error rates are known.
#include "maitred/ctl/evaluation/trials.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "maitred/ctl/evaluation/evaluation_page.h"

namespace maitred {
namespace {

constexpr std::size_t kLength = 48;

Samples made_people(std::size_t several, std::size_t single, std::size_t photos, float noise,
                    unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Samples samples;
  samples.engine = "synthetic";
  samples.template_length = kLength;
  for (std::size_t person = 0; person < several + single; ++person) {
    samples.people.push_back("person " + std::to_string(person));
    std::vector<float> face(kLength);
    for (float& value : face) value = normal(random);
    for (std::size_t i = 0; i < (person < several ? photos : 1); ++i) {
      std::vector<float> values = face;
      for (float& value : values) value += noise * normal(random);
      Sample sample;
      sample.person = person;
      sample.photo = std::to_string(i) + ".jpg";
      sample.face = Template("synthetic", values);
      sample.width_px = i == 0 ? 100.0F : 50.0F;
      sample.quality = 0.8F;
      sample.light = 120.0F;
      samples.photos.push_back(std::move(sample));
    }
  }
  return samples;
}

TEST(ScoreCounts, CountWhatWasAdded) {
  ScoreCounts counts;
  for (const float score : {0.1F, 0.2F, 0.2F, 0.7F}) counts.add(score);
  EXPECT_EQ(counts.total(), 4U);
  EXPECT_EQ(counts.at_least(0.2), 3U);
  EXPECT_DOUBLE_EQ(counts.share_below(0.2), 0.25);
  EXPECT_NEAR(counts.threshold_for(0.25), 0.2, 2 * ScoreCounts::kStep);
  EXPECT_EQ(counts.at_least(counts.threshold_for(0.25)), 1U);
  EXPECT_EQ(counts.at_least(counts.threshold_for(0.0)), 0U);
}

TEST(ParetoTail, FindsTheTailOfAKnownDistribution) {
  std::mt19937_64 random(3);
  std::exponential_distribution<double> exponential(1.0 / 0.04);
  ScoreCounts counts;
  for (int i = 0; i < 400'000; ++i) counts.add(static_cast<float>(0.1 + exponential(random)));
  const ParetoTail tail = fit_tail(counts, 1e-2);
  EXPECT_NEAR(tail.shape, 0.0, 0.08);
  EXPECT_NEAR(tail.scale, 0.04, 0.004);
  for (const double rate : {1e-3, 1e-5, 1e-7}) {
    const double truth = 0.1 - 0.04 * std::log(rate);
    EXPECT_NEAR(tail.threshold_for(rate), truth, 0.12 * truth);
    EXPECT_NEAR(tail.rate(tail.threshold_for(rate)), rate, rate * 1e-6);
  }
}

TEST(Verification, CountsEveryOrderedPairOnce) {
  const Samples samples = made_people(6, 4, 3, 0.5F);
  const auto result = verify_all(samples, nullptr).value();
  EXPECT_EQ(result.genuine.total(), 6U * 3U * 2U);
  // Round 0 enrols ten people, rounds 1 and 2 six each; every other photo is a probe.
  EXPECT_EQ(result.impostor.total(), (10U + 6U + 6U) * 22U - 22U - 36U);
  EXPECT_GT(result.genuine.share_at_least(0.5), result.impostor.share_at_least(0.5));
  ASSERT_FALSE(result.alike.empty());
  EXPECT_GE(result.alike.front().similarity, result.alike.back().similarity);
  EXPECT_LE(result.unlike.front().similarity, result.unlike.back().similarity);
}

TEST(Verification, APhotoOfSomebodyElseIsNamed) {
  Samples samples = made_people(20, 0, 3, 0.3F);
  samples.photos[4].face = samples.photos[30].face.clone();
  const auto result = verify_all(samples, nullptr).value();
  EXPECT_TRUE(result.unlike.front().probe == 4 || result.unlike.front().enrolled == 4);
  EXPECT_TRUE(result.alike.front().probe == 4 || result.alike.front().enrolled == 4);
}

TEST(Verification, NeedsPairs) {
  EXPECT_EQ(verify_all(made_people(0, 5, 1, 0.3F), nullptr).error().code, "too_few_photos");
  EXPECT_EQ(verify_all(made_people(1, 0, 4, 0.3F), nullptr).error().code, "too_few_photos");
  EXPECT_EQ(verify_all(Samples{}, nullptr).error().code, "too_few_photos");
}

TEST(Identification, AThresholdMeasuredOnSomeHoldsForOthers) {
  const Samples first = made_people(120, 500, 3, 0.9F, 1);
  const auto rows = calibrate(verify_all(first, nullptr).value());
  const auto calibration = Calibration::from_rows(rows);
  ASSERT_TRUE(calibration) << calibration.error().message;
  const Samples second = made_people(120, 500, 3, 0.9F, 2);
  TrialPlan plan;
  plan.galleries = {50, 100, 100'000};
  plan.photos = {1, 2};
  plan.fpir_targets = {2e-2};
  const auto trials = identify_all(second, plan, *calibration, nullptr).value();
  ASSERT_EQ(trials.size(), 4U) << "the gallery of 100 000 is impossible here";
  for (const IdentificationTrial& trial : trials) {
    // The margin to the second-best, which strangers among random people seldom have, takes some,
    // and the mean of two very different photos is trusted less.
    EXPECT_GT(trial.fpir, trial.fpir_target / (trial.photos_per_person == 1 ? 5.0 : 20.0))
        << trial.gallery << trial.photos_per_person;
    EXPECT_LT(trial.fpir, trial.fpir_target * 2.0) << trial.gallery << trial.photos_per_person;
    EXPECT_LE(trial.fnir_low, trial.fnir);
    EXPECT_GE(trial.fnir_high, trial.fnir);
  }
  EXPECT_LT(trials[1].fnir, trials[0].fnir) << "two photos are better than one";
}

TEST(Identification, IsTheSameAgainWithTheSameSeed) {
  const Samples samples = made_people(60, 100, 2, 0.8F);
  TrialPlan plan;
  plan.galleries = {40};
  plan.photos = {1};
  const auto once = identify_all(samples, plan, std::nullopt, nullptr).value();
  const auto again = identify_all(samples, plan, std::nullopt, nullptr).value();
  ASSERT_EQ(once.size(), again.size());
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_EQ(once[i].fnir, again[i].fnir);
}

TEST(EvaluationPage, ShowsNamesAsText) {
  Samples samples = made_people(6, 4, 3, 0.5F);
  samples.people[0] = "<script>alert(1)</script>";
  const auto result = verify_all(samples, nullptr).value();
  const std::string html =
      evaluation_html({"T", "synthetic", "now", 10, 22, 0, 0}, samples, result, {});
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("<svg"), std::string::npos);
}

}  // namespace
}  // namespace maitred
