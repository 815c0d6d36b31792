#include "maitred/eye/tracking/tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace maitred {
namespace {

using namespace std::chrono_literals;

const WallTime kFilmStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

Face face_at(float x, float y, float width = 80.0F) {
  Face face;
  face.box = {x - width / 2.0F, y - width * 0.6F, width, width * 1.2F};
  return face;
}

// The id of the track that has this face, which must be there.
TrackId id_of(const TrackerUpdate& update, std::size_t face) {
  for (const ActiveTrack& track : update.active) {
    if (track.face == face) return track.id;
  }
  ADD_FAILURE() << "no track has face " << face;
  return {};
}

class TrackerTest : public ::testing::Test {
 protected:
  TrackerUpdate step(std::vector<Face> faces, Milliseconds after = 100ms) {
    now_ += after;
    return tracker_.update(faces, now_);
  }
  Tracker tracker_;
  WallTime now_ = kFilmStart;
};

TEST_F(TrackerTest, TwoDetectionsMakeATrackAndItsAbsenceEndsIt) {
  auto update = step({face_at(100, 100)});
  ASSERT_EQ(update.active.size(), 1U);
  EXPECT_FALSE(update.active[0].confirmed);
  EXPECT_TRUE(update.begun.empty());
  update = step({face_at(102, 100)});
  ASSERT_EQ(update.begun.size(), 1U);
  const TrackId id = update.begun[0];
  EXPECT_TRUE(update.active[0].confirmed);
  EXPECT_EQ(update.active[0].first_seen, kFilmStart + 100ms);

  EXPECT_TRUE(step({}, 1000ms).ended.empty());  // max_gap to the dot: not lost yet
  update = step({}, 1ms);
  EXPECT_EQ(update.ended, std::vector{id});
  EXPECT_TRUE(update.active.empty());
  EXPECT_TRUE(step({}, 5000ms).ended.empty()) << "a track ends once";
}

TEST_F(TrackerTest, AFlickerIsNoTrack) {
  step({face_at(100, 100)});
  for (int i = 0; i < 30; ++i) {
    const auto update = step({});
    EXPECT_TRUE(update.begun.empty());
    EXPECT_TRUE(update.ended.empty());
  }
  EXPECT_TRUE(tracker_.end_all().empty());
}

TEST_F(TrackerTest, WhereLooksAreRareATrackIsMadeAndKeptAllTheSame) {
  for (const Milliseconds rate : {450ms, 1500ms, 5000ms}) {
    step({}, rate);
    step({}, rate);
    step({face_at(100, 100)}, rate);
    const auto update = step({face_at(103, 100)}, rate);
    ASSERT_EQ(update.begun.size(), 1U) << rate.count();
    EXPECT_TRUE(step({face_at(101, 100)}, rate).ended.empty()) << rate.count();
    int missed = 1;
    while (missed < 9 && step({}, rate).ended != update.begun) ++missed;
    EXPECT_GE(missed, 2) << rate.count();
    EXPECT_LE(missed, 3) << rate.count();
  }
}

TEST_F(TrackerTest, SurvivesAGapWhereItIsExpected) {
  float x = 100.0F;
  TrackId id;
  for (int i = 0; i < 6; ++i, x += 30.0F) id = id_of(step({face_at(x, 200)}), 0);
  for (int i = 0; i < 4; ++i, x += 30.0F) {
    const auto update = step({});
    ASSERT_EQ(update.active.size(), 1U);
    EXPECT_FALSE(update.active[0].face);
    EXPECT_NEAR(update.active[0].box.centre().x_px, x, 30.0F) << "moves on meanwhile";
  }
  EXPECT_EQ(id_of(step({face_at(x, 200)}), 0), id);
}

TEST_F(TrackerTest, AfterALongGapItIsSomeoneElse) {
  step({face_at(100, 100)});
  const TrackId id = id_of(step({face_at(100, 100)}), 0);
  const auto update = step({face_at(100, 100)}, 1500ms);
  EXPECT_EQ(update.ended, std::vector{id});
  EXPECT_NE(id_of(update, 0), id);
}

// Two people walk towards and past each other; `hidden` says when the farther one is not seen.
void cross(bool with_occlusion, Milliseconds frame, float speed_px_per_s) {
  Tracker tracker;
  WallTime now = kFilmStart;
  TrackId left;
  TrackId right;
  float from_left = 100.0F;
  float from_right = 900.0F;
  const float step_px = speed_px_per_s * static_cast<float>(frame.count()) / 1000.0F;
  bool first = true;
  while (from_left < 900.0F) {
    std::vector<Face> faces = {face_at(from_left, 300), face_at(from_right, 310, 70.0F)};
    const bool hides = with_occlusion && std::abs(from_left - from_right) < 60.0F;
    if (hides) faces.pop_back();
    const auto update = tracker.update(faces, now);
    if (first) {
      left = id_of(update, 0);
      right = id_of(update, 1);
      first = false;
    }
    ASSERT_EQ(id_of(update, 0), left) << "at " << from_left;
    if (!hides) {
      ASSERT_EQ(id_of(update, 1), right) << "at " << from_left;
    }
    now += frame;
    from_left += step_px;
    from_right -= step_px;
  }
}

TEST(Crossing, PeopleKeepTheirIds) {
  for (const auto frame : {40ms, 100ms, 200ms}) {
    for (const float speed : {60.0F, 150.0F, 300.0F}) {
      cross(false, frame, speed);
    }
  }
}
TEST(Crossing, PeopleKeepTheirIdsThroughAnOcclusion) {
  cross(true, 40ms, 150.0F);
  cross(true, 100ms, 150.0F);
  cross(true, 100ms, 300.0F);
}

TEST_F(TrackerTest, AWalkerWhoComesCloserStaysOne) {
  std::set<TrackId> ids;
  float width = 30.0F;
  for (int i = 0; i < 40; ++i, width *= 1.05F) {
    ids.insert(id_of(step({face_at(400.0F + static_cast<float>(i) * 3.0F, 300.0F, width)}), 0));
  }
  EXPECT_EQ(ids.size(), 1U);
}

TEST_F(TrackerTest, AFastWalkerIsFollowedFromTheSecondFrame) {
  // One width and a half a frame: no overlap at all.
  std::set<TrackId> ids;
  for (int i = 0; i < 8; ++i) {
    ids.insert(id_of(step({face_at(80.0F + static_cast<float>(i) * 100.0F, 300.0F)}, 200ms), 0));
  }
  EXPECT_EQ(ids.size(), 1U);
}

TEST_F(TrackerTest, AFaceElsewhereOrOfAnotherSizeIsAnotherPerson) {
  step({face_at(100, 100)});
  const TrackId id = id_of(step({face_at(100, 100)}), 0);
  EXPECT_NE(id_of(step({face_at(600, 100)}), 0), id);
  EXPECT_NE(id_of(step({face_at(100, 100, 300.0F)}), 0), id);
}

TEST_F(TrackerTest, TheOrderOfDetectionsDoesNotMatter) {
  step({face_at(100, 100), face_at(300, 100), face_at(500, 100)});
  const auto before = step({face_at(100, 100), face_at(300, 100), face_at(500, 100)});
  const auto after = step({face_at(505, 100), face_at(105, 100), face_at(305, 100)});
  EXPECT_EQ(id_of(after, 0), id_of(before, 2));
  EXPECT_EQ(id_of(after, 1), id_of(before, 0));
  EXPECT_EQ(id_of(after, 2), id_of(before, 1));
}

TEST_F(TrackerTest, TimeThatStandsStillOrGoesBackDoesNoHarm) {
  step({face_at(100, 100)});
  const TrackId id = id_of(step({face_at(100, 100)}), 0);
  EXPECT_EQ(id_of(step({face_at(104, 100)}, 0ms), 0), id);
  EXPECT_EQ(id_of(step({face_at(108, 100)}, -5000ms), 0), id);
  EXPECT_EQ(id_of(step({face_at(112, 100)}, 5100ms), 0), id);
}

TEST_F(TrackerTest, ASplitTrackEndsAndAnotherGoesOn) {
  EXPECT_FALSE(tracker_.split(TrackId{1}));
  step({face_at(100, 100)});
  EXPECT_FALSE(tracker_.split(TrackId{1})) << "not confirmed yet";
  const TrackId old = step({face_at(100, 100)}).begun.at(0);
  const auto fresh = tracker_.split(old);
  ASSERT_TRUE(fresh);
  EXPECT_FALSE(tracker_.split(old));
  const auto update = step({face_at(101, 100)});
  EXPECT_EQ(update.ended, std::vector{old});
  EXPECT_EQ(update.begun, std::vector{*fresh});
  EXPECT_EQ(id_of(update, 0), *fresh);
  EXPECT_EQ(update.active[0].first_seen, kFilmStart + 200ms) << "the newcomer was seen then first";
  EXPECT_EQ(tracker_.end_all(), std::vector{*fresh});
}

TEST_F(TrackerTest, EveryIdBeginsOnceAndEndsOnce) {
  std::set<TrackId> begun;
  std::set<TrackId> ended;
  const auto note = [&](const TrackerUpdate& update) {
    for (const TrackId id : update.begun) EXPECT_TRUE(begun.insert(id).second);
    for (const TrackId id : update.ended) {
      EXPECT_TRUE(begun.contains(id));
      EXPECT_TRUE(ended.insert(id).second);
    }
  };
  unsigned state = 1;
  for (int i = 0; i < 2000; ++i) {
    std::vector<Face> faces;
    for (int person = 0; person < 5; ++person) {
      state = state * 1664525U + 1013904223U;
      if (state >> 30U == 0U) continue;
      const auto wander = static_cast<float>(state >> 24U);
      faces.push_back(face_at(200.0F * static_cast<float>(person) + wander, 200.0F));
    }
    if (i % 97 < 20) faces.clear();
    note(step(faces));
  }
  for (const TrackId id : tracker_.end_all()) EXPECT_TRUE(ended.insert(id).second);
  EXPECT_EQ(begun, ended);
}

TEST_F(TrackerTest, DegenerateBoxesAreIgnored) {
  Face flat;
  flat.box = {10.0F, 10.0F, 0.0F, 0.0F};
  EXPECT_TRUE(step({flat}).active.empty());
  step({face_at(100, 100)});
  EXPECT_EQ(step({flat, face_at(100, 100)}).begun.size(), 1U);
}

TEST_F(TrackerTest, ACrowdStaysAffordable) {
  const auto crowd = [](float shift) {
    std::vector<Face> faces;
    for (int i = 0; i < 200; ++i) {
      faces.push_back(face_at(static_cast<float>(i % 20) * 60.0F + shift,
                              static_cast<float>(i / 20) * 70.0F, 40.0F));
    }
    return faces;
  };
  const auto before = std::chrono::steady_clock::now();
  const auto first = step(crowd(0.0F));
  TrackerUpdate last;
  for (int i = 1; i <= 20; ++i) last = step(crowd(static_cast<float>(i) * 2.0F));
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_LT(took, 60s) << "some milliseconds a frame";
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(id_of(last, i), id_of(first, i));
}

}  // namespace
}  // namespace maitred
