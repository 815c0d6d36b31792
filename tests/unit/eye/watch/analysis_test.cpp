#include "maitred/eye/watch/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "tests/unit/eye/watch/scripted_engine.h"

namespace maitred {
namespace {

using test::Script;
using testing::Contains;
using testing::Each;
using testing::IsEmpty;
using testing::Not;

constexpr WallTime kStart{Milliseconds{1'700'000'000'000}};

struct Seen {
  std::vector<Sighting> sightings;
  std::vector<TrackEnded> ended;
};

class AnalysisTest : public testing::Test {
 protected:
  AnalysisTest() : picture_(480, 640, CV_8UC3) { cv::randu(picture_, 0, 255); }

  void begin(AnalysisOptions options) {
    options.from_file = true;
    analysis_.emplace(test::scripted_engine(script_), options);
  }

  // Shows the same faces for a while, ten frames a second.
  Seen show(std::vector<test::ScriptedFace> faces, Milliseconds lasting) {
    Seen seen;
    script_.faces = std::move(faces);
    for (const Milliseconds until = position_ + lasting; position_ < until;
         position_ += Milliseconds{100}) {
      Frame frame;
      frame.image.view = {picture_.data, picture_.cols, picture_.rows, picture_.step[0]};
      frame.position = position_;
      frame.at = kStart + position_;
      frame.sequence = sequence_++;
      auto messages = analysis_->analyse(frame);
      EXPECT_TRUE(messages);
      sort_into(seen, std::move(*messages));
    }
    return seen;
  }

  Seen finish() {
    Seen seen;
    sort_into(seen, analysis_->finish(kStart + position_));
    return seen;
  }

  static void sort_into(Seen& seen, std::vector<EyeMessage> messages) {
    for (EyeMessage& message : messages) {
      if (auto* sighting = std::get_if<Sighting>(&message)) {
        seen.sightings.push_back(std::move(*sighting));
      } else if (const auto* ended = std::get_if<TrackEnded>(&message)) {
        seen.ended.push_back(*ended);
      }
    }
  }

  cv::Mat picture_;
  Script script_;
  std::optional<Analysis> analysis_;
  Milliseconds position_{0};
  std::uint64_t sequence_ = 0;
};

TEST_F(AnalysisTest, SomeoneWhoStaysIsSightedAfterTheDwellAndEndsWhenGone) {
  begin({});
  Seen seen = show({{3, 320, 240}}, Milliseconds{600});
  EXPECT_THAT(seen.sightings, IsEmpty());
  EXPECT_THAT(script_.embedded, IsEmpty());

  seen = show({{3, 320, 240}}, Milliseconds{1000});
  ASSERT_THAT(seen.sightings, Not(IsEmpty()));
  const TrackId track = seen.sightings.front().track;
  const Sighting first = std::move(seen.sightings.front());
  EXPECT_EQ(first.first_seen, kStart);
  EXPECT_GE(first.at - first.first_seen, Milliseconds{600});
  EXPECT_LE(first.at - first.first_seen, Milliseconds{900});
  EXPECT_EQ(kStart + first.position, first.at);
  EXPECT_TRUE(first.from_file);
  EXPECT_EQ(first.frames, 1U);
  EXPECT_GT(first.quality, 0.0F);
  EXPECT_NEAR(first.box.width_px, 100.0F, 0.1F);
  EXPECT_EQ(first.probe.engine(), "scripted");
  EXPECT_GT(first.probe.values()[3], 0.9F);
  EXPECT_GT(seen.sightings.back().frames, 1U);

  seen = show({}, Milliseconds{2000});
  ASSERT_EQ(seen.ended.size(), 1U);
  EXPECT_EQ(seen.ended[0].track, track);
  EXPECT_THAT(finish().ended, IsEmpty());
}

TEST_F(AnalysisTest, OutsideTheZoneNobodyIsEverEmbedded) {
  AnalysisOptions options;
  options.zone = {0.5, 0.0, 1.0, 1.0};
  options.dwell = Milliseconds{0};
  begin(options);
  const Seen seen = show({{1, 100, 240}, {2, 500, 240}}, Milliseconds{3000});
  EXPECT_THAT(script_.embedded, Not(IsEmpty()));
  EXPECT_THAT(script_.embedded, Each(2));
  EXPECT_GE(analysis_->counts().tracks, 1U);
  EXPECT_GT(analysis_->counts().faces, analysis_->counts().embeddings);
}

TEST_F(AnalysisTest, MostlyOnlyTheZoneIsSearchedButWhoPassesOutsideIsCounted) {
  AnalysisOptions options;
  options.zone = {0.7, 0.0, 1.0, 1.0};
  begin(options);
  show({{1, 600, 240}}, Milliseconds{2000});
  EXPECT_GT(script_.detected_in_part, script_.detected * 3 / 4);
  const std::uint64_t faces = analysis_->counts().faces;
  show({{2, 100, 240}}, Milliseconds{4000});
  EXPECT_GT(analysis_->counts().faces, faces);
}

TEST_F(AnalysisTest, PassersByAreNeverEmbedded) {
  begin({});
  for (int step = 0; step < 20; ++step) {
    show({{1, 50.0F + 30.0F * static_cast<float>(step), 240, 60}}, Milliseconds{100});
    if (step % 5 == 4) show({}, Milliseconds{1500});
  }
  EXPECT_THAT(script_.embedded, IsEmpty());
}

TEST_F(AnalysisTest, SmallFacesAreTrackedButNotEmbedded) {
  AnalysisOptions options;
  options.dwell = Milliseconds{0};
  begin(options);
  show({{1, 320, 240, 50}}, Milliseconds{2000});
  EXPECT_EQ(analysis_->counts().tracks, 1U);
  EXPECT_THAT(script_.embedded, IsEmpty());
  show({{1, 320, 240, 64}}, Milliseconds{500});
  EXPECT_THAT(script_.embedded, Not(IsEmpty()));
  EXPECT_EQ(analysis_->counts().tracks, 1U);
}

TEST_F(AnalysisTest, AfterEnoughFramesItRestsButStillTellsThatTheyAreThere) {
  begin({});
  show({{1, 320, 240}}, Milliseconds{5000});
  const std::size_t settled = script_.embedded.size();
  const Seen later = show({{1, 320, 240}}, Milliseconds{10000});
  EXPECT_LE(script_.embedded.size() - settled, 5U);
  EXPECT_GE(later.sightings.size(), 2U);
  EXPECT_LE(later.sightings.size(), 5U);
}

TEST_F(AnalysisTest, AJumpToAnotherPersonIsAnotherTrackThatDwellsAnew) {
  begin({});
  const Seen before = show({{1, 320, 240}}, Milliseconds{2500});
  ASSERT_THAT(before.sightings, Not(IsEmpty()));
  const TrackId first = before.sightings.front().track;
  const Seen after = show({{5, 320, 240}}, Milliseconds{8000});
  for (const Sighting& sighting : after.sightings) {
    if (sighting.track == first) {
      EXPECT_GT(sighting.probe.values()[1], 0.9F) << "templates of two people were mixed";
    } else {
      EXPECT_GT(sighting.probe.values()[5], 0.9F) << "templates of two people were mixed";
    }
  }
  EXPECT_EQ(analysis_->counts().tracks, 2U);
  ASSERT_EQ(after.ended.size(), 1U);
  EXPECT_EQ(after.ended[0].track, first);
  EXPECT_NE(after.sightings.back().track, first);
}

TEST_F(AnalysisTest, EveryTrackEndsOnce) {
  begin({});
  Seen all = show({{1, 150, 240}, {2, 450, 240}}, Milliseconds{2000});
  const Seen rest = finish();
  EXPECT_EQ(all.ended.size() + rest.ended.size(), analysis_->counts().tracks);
  EXPECT_EQ(rest.ended.size(), 2U);
  EXPECT_THAT(finish().ended, IsEmpty());
}

TEST_F(AnalysisTest, AnEmptySceneCostsNoTemplate) {
  begin({});
  const Seen seen = show({}, Milliseconds{3000});
  EXPECT_THAT(seen.sightings, IsEmpty());
  EXPECT_EQ(analysis_->counts().frames, 30U);
  EXPECT_EQ(analysis_->counts().embeddings, 0U);
  EXPECT_EQ(script_.detected, 3) << "a still picture is looked at once a second";
}

TEST_F(AnalysisTest, SomeoneWhoIsThereWithoutEverMovingIsFound) {
  begin({});
  show({}, Milliseconds{1500});
  // The picture does not change at all.
  const Seen seen = show({{3, 320, 240}}, Milliseconds{2500});
  EXPECT_THAT(seen.sightings, Not(IsEmpty()));
}

TEST_F(AnalysisTest, WhatMovesIsLookedAtAtOnce) {
  begin({});
  show({}, Milliseconds{500});
  const int before = script_.detected.load();
  picture_(cv::Rect(300, 200, 60, 60)).setTo(cv::Scalar::all(200));
  show({}, Milliseconds{100});
  EXPECT_EQ(script_.detected, before + 1);
}

TEST_F(AnalysisTest, SettledPeopleAreFollowedWithFewerLooks) {
  begin({});
  show({{3, 320, 240}}, Milliseconds{2500});
  const int before = script_.detected.load();
  const Seen seen = show({{3, 320, 240}}, Milliseconds{4000});
  EXPECT_THAT(seen.ended, IsEmpty());
  EXPECT_LE(script_.detected - before, 9);
  EXPECT_GE(script_.detected - before, 6);
}

TEST_F(AnalysisTest, ExtraFramesAreUsedOnlyWhileSomebodyIsNew) {
  AnalysisOptions options;
  options.dwell = Milliseconds{0};
  begin(options);
  // Three frames every 100 ms, the second and third extra.
  const auto shown = [&](std::vector<test::ScriptedFace> faces, int tenths) {
    script_.faces = std::move(faces);
    std::uint64_t used = 0;
    for (int i = 0; i < 3 * tenths; ++i) {
      Frame frame;
      frame.image.view = {picture_.data, picture_.cols, picture_.rows, picture_.step[0]};
      frame.at = kStart + position_ + Milliseconds{i * 100 / 3};
      frame.extra = i % 3 != 0;
      const std::uint64_t before = analysis_->counts().frames;
      EXPECT_TRUE(analysis_->analyse(frame));
      used += analysis_->counts().frames - before;
    }
    position_ += Milliseconds{100 * tenths};
    return used;
  };
  EXPECT_EQ(shown({}, 10), 10U);
  EXPECT_GE(shown({{3, 320, 240}}, 2), 4U);  // confirmed and three templates within 0.2 s
  EXPECT_GE(analysis_->counts().embeddings, 3U);
  EXPECT_LE(shown({{3, 320, 240}}, 10), 11U);
}

TEST_F(AnalysisTest, WhoStaysWhileTheClockIsSetBackIsSightedAnew) {
  begin({});
  EXPECT_THAT(show({{3, 320, 240}}, Milliseconds{2000}).sightings, Not(IsEmpty()));
  position_ -= std::chrono::hours{3};
  const Seen seen = show({{3, 320, 240}}, Milliseconds{2000});
  ASSERT_EQ(seen.ended.size(), 1U);
  ASSERT_THAT(seen.sightings, Not(IsEmpty()));
  EXPECT_NE(seen.sightings.front().track, seen.ended.front().track);
  EXPECT_LE(seen.sightings.front().first_seen, kStart + position_);
}

TEST_F(AnalysisTest, AFailingDetectorIsReported) {
  begin({});
  script_.fail = true;
  Frame frame;
  frame.image.view = {picture_.data, picture_.cols, picture_.rows, picture_.step[0]};
  const auto messages = analysis_->analyse(frame);
  ASSERT_FALSE(messages);
  EXPECT_EQ(messages.error().code, "inference_failed");
}

}  // namespace
}  // namespace maitred
