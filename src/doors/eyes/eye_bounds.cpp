#include "maitred/doors/eyes/eye_bounds.h"

#include <fmt/format.h>

#include <algorithm>

namespace maitred {
namespace {

tl::unexpected<Error> refused(std::string why) {
  return input_error("eye_refused", std::move(why));
}

}  // namespace

EyeBounds::EyeBounds(Source source, Timestamp now, EyeLimits limits)
    : source_(source),
      limits_(limits),
      new_tracks_(limits.new_tracks_per_minute / 60.0, limits.new_tracks_per_minute, now) {}

Status EyeBounds::check_time(WallTime at, WallTime wall) const {
  const bool fast = source_ == Source::kFastFilm;
  // A film keeps the time of its start, also if the clock is set while it runs.
  const Milliseconds ahead = fast ? limits_.film : limits_.ahead;
  const Milliseconds behind = source_ == Source::kLive ? limits_.behind : limits_.film;
  if (at > wall + ahead) return refused("its time is ahead of the core's clock");
  if (at < wall - behind) return refused("its time is behind the core's clock");
  return {};
}

bool EyeBounds::is_of_now(WallTime at, WallTime wall) const {
  return source_ != Source::kLive || check_time(at, wall).has_value();
}

Status EyeBounds::admit(Sighting& sighting, WallTime wall, Timestamp now) {
  MAITRED_TRY(check_time(sighting.at, wall));
  if (sighting.first_seen > sighting.at) return refused("a track begins after its newest frame");
  const auto known = tracks_.find(sighting.track);
  const bool limited = known == tracks_.end() && source_ != Source::kFastFilm;
  if (limited && !new_tracks_.take(now)) {
    return refused(
        fmt::format("more than {:.0f} new tracks in a minute", limits_.new_tracks_per_minute));
  }
  sighting.from_file = source_ != Source::kLive;
  sighting.first_seen = std::max(sighting.first_seen, sighting.at - limits_.oldest_track);
  Track& track = known != tracks_.end() ? known->second : tracks_[sighting.track];
  if (track.begun == Timestamp{}) track.begun = now;
  track.seen = now;
  track.at = sighting.at;
  return {};
}

Status EyeBounds::admit(const TrackEnded& ended, WallTime wall) {
  MAITRED_TRY(check_time(ended.at, wall));
  tracks_.erase(ended.track);
  return {};
}

std::vector<TrackEnded> EyeBounds::overdue(Timestamp now) {
  std::vector<TrackEnded> over;
  for (auto track = tracks_.begin(); track != tracks_.end();) {
    const bool due = now - track->second.begun >= limits_.oldest_track ||
                     now - track->second.seen >= limits_.silent_track;
    if (due) over.push_back({track->first, track->second.at});
    track = due ? tracks_.erase(track) : std::next(track);
  }
  while (tracks_.size() > limits_.tracks) {
    const auto silent = std::min_element(
        tracks_.begin(), tracks_.end(),
        [](const auto& a, const auto& b) { return a.second.seen < b.second.seen; });
    over.push_back({silent->first, silent->second.at});
    tracks_.erase(silent);
  }
  return over;
}

}  // namespace maitred
