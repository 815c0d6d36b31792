#include "maitred/eye/tracking/embedding_plan.h"

#include <gtest/gtest.h>

#include <limits>

namespace maitred {
namespace {

using namespace std::chrono_literals;

constexpr int kWidth = 1000;
constexpr int kHeight = 500;
const WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

ActiveTrack track(std::uint64_t id, float x, float width = 100.0F, bool confirmed = true) {
  ActiveTrack one;
  one.id = TrackId{id};
  one.face = 0;
  one.box = {x - width / 2.0F, 200.0F, width, width};
  one.confirmed = confirmed;
  one.first_seen = kStart;
  return one;
}

EmbeddingRules check_in() {
  EmbeddingRules rules;
  rules.zone = {0.2F, 0.1F, 0.8F, 1.0F};
  return rules;
}

EmbeddingRules open_floor() {
  EmbeddingRules rules;
  rules.dwell = 0ms;
  return rules;
}

std::size_t eligible(EmbeddingPlan& plan, std::vector<ActiveTrack> tracks, Milliseconds at) {
  TrackerUpdate update;
  update.active = std::move(tracks);
  return plan.eligible(update, kWidth, kHeight, kStart + at).size();
}

TEST(Zone, IsInFractionsOfTheFrame) {
  const Zone zone{0.2F, 0.1F, 0.8F, 1.0F};
  EXPECT_TRUE(zone.contains({200.0F, 50.0F}, 1000, 500));
  EXPECT_TRUE(zone.contains({800.0F, 500.0F}, 1000, 500));
  EXPECT_FALSE(zone.contains({199.0F, 60.0F}, 1000, 500));
  EXPECT_FALSE(zone.contains({500.0F, 49.0F}, 1000, 500));
  EXPECT_FALSE(zone.contains({500.0F, 60.0F}, 0, 500));
}

TEST(EmbeddingPlan, NobodyIsEmbeddedBeforeTheDwellTime) {
  EmbeddingPlan plan(check_in());
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 0ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 699ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 700ms), 1U);
}

TEST(EmbeddingPlan, LeavingTheZoneStartsTheDwellTimeAnew) {
  EmbeddingPlan plan(check_in());
  eligible(plan, {track(1, 500)}, 0ms);
  EXPECT_EQ(eligible(plan, {track(1, 100)}, 600ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 700ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 1399ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 1400ms), 1U);
  EXPECT_EQ(eligible(plan, {track(1, 100)}, 1500ms), 0U) << "nor outside, however long before";
}

TEST(EmbeddingPlan, APassingFaceIsNeverEmbedded) {
  EmbeddingPlan plan(check_in());
  std::size_t total = 0;
  for (int i = 0; i <= 20; ++i) {  // through the whole picture in 0.6 s
    total += eligible(plan, {track(1, static_cast<float>(i) * 50.0F)}, i * 30ms);
  }
  EXPECT_EQ(total, 0U);
}

TEST(EmbeddingPlan, AMissingFaceDoesNotInterruptTheDwellTime) {
  EmbeddingPlan plan(check_in());
  auto unseen = track(1, 500);
  unseen.face.reset();
  EXPECT_EQ(eligible(plan, {unseen}, 0ms), 0U) << "a prediction alone does not enter";
  eligible(plan, {track(1, 500)}, 100ms);
  EXPECT_EQ(eligible(plan, {unseen}, 850ms), 0U) << "no face, nothing to embed";
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 900ms), 1U);
}

TEST(EmbeddingPlan, SmallAndUnconfirmedFacesAreNotEmbedded) {
  EmbeddingPlan plan(open_floor());
  EXPECT_EQ(eligible(plan, {track(1, 500, 59.0F)}, 0ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500, 60.0F)}, 100ms), 1U);
  EXPECT_EQ(eligible(plan, {track(2, 500, 100.0F, false)}, 200ms), 0U);
}

TEST(EmbeddingPlan, OpenModeDoesNotWait) {
  EmbeddingPlan plan(open_floor());
  EXPECT_EQ(eligible(plan, {track(1, 5)}, 0ms), 1U);
}

TEST(EmbeddingPlan, TemplatesOfATrackKeepTheirDistance) {
  EmbeddingPlan plan(open_floor());
  // The first few come as fast as frames do, to decide early.
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(eligible(plan, {track(1, 500)}, i * 10ms), 1U);
    plan.taken(TrackId{1}, 0.5F, kStart + i * 10ms);
  }
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 119ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 120ms), 1U);
}

TEST(EmbeddingPlan, AfterEnoughFramesOnlyReChecksAndNearerFaces) {
  EmbeddingPlan plan(open_floor());
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(eligible(plan, {track(1, 500)}, i * 100ms), 1U);
    plan.taken(TrackId{1}, 0.5F, kStart + i * 100ms);
  }
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 900ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500, 109.0F)}, 1000ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500, 111.0F)}, 1100ms), 1U) << "came nearer";
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 3699ms), 0U);
  EXPECT_EQ(eligible(plan, {track(1, 500)}, 3700ms), 1U) << "re-check";
}

class ChooseTest : public ::testing::Test {
 protected:
  void SetUp() override { plan_.eligible(update(5), kWidth, kHeight, kStart); }
  static TrackerUpdate update(std::uint64_t people) {
    TrackerUpdate result;
    for (std::uint64_t id = 1; id <= people; ++id) {
      result.active.push_back(track(id, 150.0F * static_cast<float>(id)));
    }
    return result;
  }
  EmbeddingPlan plan_{open_floor()};
};

TEST_F(ChooseTest, ABudgetGoesToTheBestFaces) {
  const std::vector<EmbeddingPlan::Graded> graded = {
      {TrackId{1}, 0.5F}, {TrackId{2}, 0.9F}, {TrackId{3}, 0.7F}, {TrackId{4}, 0.8F}};
  EXPECT_EQ(plan_.choose(graded, kStart), (std::vector<std::size_t>{1, 3, 2}));
}

TEST_F(ChooseTest, NewcomersComeFirst) {
  for (int i = 0; i < 4; ++i) plan_.taken(TrackId{2}, 0.9F, kStart);
  const std::vector<EmbeddingPlan::Graded> graded = {{TrackId{2}, 0.9F}, {TrackId{1}, 0.5F}};
  EXPECT_EQ(plan_.choose(graded, kStart).front(), 1U);
}

TEST_F(ChooseTest, UselessAndUnknownFacesAreNotChosen) {
  const std::vector<EmbeddingPlan::Graded> graded = {
      {TrackId{1}, 0.05F},
      {TrackId{99}, 0.9F},
      {TrackId{2}, std::numeric_limits<float>::quiet_NaN()}};
  EXPECT_TRUE(plan_.choose(graded, kStart).empty());
}

TEST_F(ChooseTest, WithEnoughFramesOnlyABetterOneCounts) {
  for (int i = 0; i < 8; ++i) plan_.taken(TrackId{1}, 0.5F + 0.05F * static_cast<float>(i), kStart);
  const auto chosen = [&](float quality, Milliseconds at) {
    const std::vector<EmbeddingPlan::Graded> graded = {{TrackId{1}, quality}};
    return !plan_.choose(graded, kStart + at).empty();
  };
  EXPECT_FALSE(chosen(0.51F, 100ms));
  EXPECT_TRUE(chosen(0.6F, 100ms));
  EXPECT_TRUE(chosen(0.3F, 3000ms)) << "a re-check takes what there is";
}

TEST_F(ChooseTest, AnEndedTrackIsForgotten) {
  for (int i = 0; i < 8; ++i) plan_.taken(TrackId{1}, 0.9F, kStart);
  plan_.eligible({}, kWidth, kHeight, kStart + 100ms);
  plan_.taken(TrackId{1}, 0.9F, kStart + 100ms);  // too late: no harm
  plan_.eligible(update(1), kWidth, kHeight, kStart + 200ms);
  const std::vector<EmbeddingPlan::Graded> graded = {{TrackId{1}, 0.2F}};
  EXPECT_EQ(plan_.choose(graded, kStart + 200ms).size(), 1U);
}

}  // namespace
}  // namespace maitred
