// What a taken-over eye may still say.
#include "maitred/doors/eyes/eye_bounds.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using namespace std::chrono_literals;
using Source = EyeBounds::Source;

constexpr WallTime kWall{Milliseconds{1'790'000'000'000}};
const Timestamp kNow{1h};

Sighting seen_at(std::uint64_t track, WallTime at = kWall) {
  Sighting out;
  out.track = TrackId{track};
  out.first_seen = out.at = at;
  return out;
}

bool admits(EyeBounds& bounds, Sighting one, Timestamp now = kNow) {
  return bounds.admit(one, kWall, now).has_value();
}

TEST(EyeBounds, ALiveCameraSpeaksOfNow) {
  EyeBounds bounds(Source::kLive, kNow);
  for (const auto off : {0ms, 4'999ms, -59'999ms}) {
    EXPECT_TRUE(admits(bounds, seen_at(1, kWall + off))) << off.count();
    EXPECT_TRUE(bounds.admit(TrackEnded{TrackId{2}, kWall + off}, kWall)) << off.count();
  }
  for (const Milliseconds off : {5'001ms, -60'001ms, Milliseconds{24h * 365 * 73}}) {
    const auto refused = [&] {
      Sighting one = seen_at(1, kWall + off);
      return bounds.admit(one, kWall, kNow);
    }();
    ASSERT_FALSE(refused) << off.count();
    EXPECT_EQ(refused.error().code, "eye_refused");
    EXPECT_FALSE(bounds.admit(TrackEnded{TrackId{1}, kWall + off}, kWall)) << off.count();
  }
  EXPECT_EQ(bounds.tracks(), 1U);
}

TEST(EyeBounds, AFilmInRealTimeIsNotAheadAndAFastOneOnlyAsFarAsAStoreStillOpens) {
  EyeBounds film(Source::kFilm, kNow);
  EXPECT_TRUE(admits(film, seen_at(1, kWall - 24h)));
  EXPECT_FALSE(admits(film, seen_at(1, kWall + 6s)));
  EyeBounds fast(Source::kFastFilm, kNow);
  EXPECT_TRUE(admits(fast, seen_at(1, kWall + 24h * 7)));
  EXPECT_FALSE(admits(fast, seen_at(1, kWall + 24h * 7 + 1ms)));
}

TEST(EyeBounds, TheCoreKnowsBetterWhatTheSourceIsAndHowOldATrackCanBe) {
  EyeBounds live(Source::kLive, kNow);
  Sighting one = seen_at(1);
  one.from_file = true;
  one.first_seen = WallTime{};  // since 1970
  ASSERT_TRUE(live.admit(one, kWall, kNow));
  EXPECT_FALSE(one.from_file);
  EXPECT_EQ(one.first_seen, kWall - EyeLimits{}.oldest_track);
  one.first_seen = kWall + 1ms;
  EXPECT_FALSE(live.admit(one, kWall, kNow));
  EyeBounds film(Source::kFilm, kNow);
  Sighting other = seen_at(1);
  ASSERT_TRUE(film.admit(other, kWall, kNow));
  EXPECT_TRUE(other.from_file);
}

TEST(EyeBounds, NewTracksAreLimitedAMinuteButKnownOnesAreNot) {
  EyeLimits limits;
  limits.new_tracks_per_minute = 3;
  EyeBounds bounds(Source::kLive, kNow, limits);
  for (std::uint64_t track = 1; track <= 3; ++track) EXPECT_TRUE(admits(bounds, seen_at(track)));
  EXPECT_FALSE(admits(bounds, seen_at(4)));
  EXPECT_TRUE(admits(bounds, seen_at(3)));
  EXPECT_EQ(bounds.tracks(), 3U);
  EXPECT_TRUE(admits(bounds, seen_at(4), kNow + 20s));
  EXPECT_FALSE(admits(bounds, seen_at(5), kNow + 20s));
  EXPECT_TRUE(admits(bounds, seen_at(6), kNow + 24h));
}

TEST(EyeBounds, ATrackThatNeverEndsIsEnded) {
  EyeBounds bounds(Source::kLive, kNow);
  Timestamp now = kNow;
  for (; now < kNow + 30min; now += 1min) {
    EXPECT_TRUE(bounds.overdue(now).empty());
    EXPECT_TRUE(admits(bounds, seen_at(1), now));
  }
  const auto over = bounds.overdue(now);
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].track, TrackId{1});
  EXPECT_EQ(over[0].at, kWall);
  EXPECT_EQ(bounds.tracks(), 0U);
  EXPECT_TRUE(admits(bounds, seen_at(1), now));  // begins anew
  EXPECT_TRUE(bounds.overdue(now + 4min).empty());
  EXPECT_EQ(bounds.overdue(now + 5min).size(), 1U);  // silent
}

TEST(EyeBounds, TheMostSilentTrackMakesRoomForOneTooMany) {
  EyeLimits limits;
  limits.tracks = 2;
  EyeBounds bounds(Source::kFastFilm, kNow, limits);
  for (std::uint64_t track = 1; track <= 3; ++track) {
    EXPECT_TRUE(admits(bounds, seen_at(track), kNow + Milliseconds(track)));
  }
  EXPECT_TRUE(admits(bounds, seen_at(1), kNow + 10ms));
  const auto over = bounds.overdue(kNow + 11ms);
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].track, TrackId{2});
  EXPECT_EQ(bounds.tracks(), 2U);
}

}  // namespace
}  // namespace maitred
