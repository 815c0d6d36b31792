#include "maitred/eye/tracking/tracker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "maitred/base/assignment.h"

namespace maitred {
namespace {

// Lengths below are in widths of the face, times in seconds.
constexpr double kReach = 0.8;           // largest distance from the predicted place
constexpr double kReachPerSecond = 6.0;  // added for each second unseen
constexpr double kMostReach = 2.0;
constexpr double kMostSizeRatio = 2.0;
constexpr double kPairLimit = 1.0;       // a track and a face that cost more are not paired
constexpr double kTentativeCost = 0.05;  // prefers confirmed tracks when costs are close
constexpr float kVelocityGain = 0.5F;    // weight of the newest measurement
constexpr double kPredictSeconds = 0.5;  // longer predictions are wrong: people turn and stop
constexpr double kLeastStepSeconds = 0.005;
constexpr Milliseconds kMostStep{10'000};  // longest step that lengthens the allowed gaps

double seconds(Milliseconds time) { return std::chrono::duration<double>(time).count(); }

float blend(float old_value, float new_value) {
  return old_value + kVelocityGain * (new_value - old_value);
}

}  // namespace

Tracker::Tracker(TrackerRules rules) : rules_(rules) {}

Box Tracker::predict(const Track& track, WallTime at) const {
  const double ahead = std::min(seconds(at - track.last_seen), kPredictSeconds);
  if (ahead <= 0.0) return track.box;
  const auto step = static_cast<float>(ahead);
  const float scale = std::exp(std::clamp(track.growth_per_s * step, -0.5F, 0.5F));
  const Point centre = track.box.centre();
  Box box;
  box.width_px = track.box.width_px * scale;
  box.height_px = track.box.height_px * scale;
  box.x_px = centre.x_px + track.velocity_px_per_s.x_px * step - box.width_px / 2.0F;
  box.y_px = centre.y_px + track.velocity_px_per_s.y_px * step - box.height_px / 2.0F;
  return box;
}

double Tracker::cost(const Track& track, const Box& predicted, const Box& seen, WallTime at) const {
  const double size_px =
      (static_cast<double>(predicted.width_px) + static_cast<double>(seen.width_px)) / 2.0;
  if (size_px <= 0.0 || predicted.width_px <= 0.0F || seen.width_px <= 0.0F) return kPairLimit;
  const Point from = predicted.centre();
  const Point to = seen.centre();
  const double distance = std::hypot(static_cast<double>(to.x_px - from.x_px),
                                     static_cast<double>(to.y_px - from.y_px)) /
                          size_px;
  const double reach =
      std::min(kReach + kReachPerSecond * seconds(at - track.last_seen), kMostReach);
  const double ratio = std::abs(std::log(static_cast<double>(seen.width_px / predicted.width_px)));
  if (distance > reach || ratio > std::log(kMostSizeRatio)) return kPairLimit;
  const double apart = 1.0 - static_cast<double>(overlap(predicted, seen));
  return 0.4 * apart + 0.4 * distance / reach + 0.2 * ratio / std::log(kMostSizeRatio) +
         (track.confirmed ? 0.0 : kTentativeCost);
}

void Tracker::hit(Track& track, const Face& face, WallTime at) {
  const double step = seconds(at - track.last_seen);
  if (step >= kLeastStepSeconds) {
    const auto per_second = static_cast<float>(1.0 / step);
    const Point from = track.box.centre();
    const Point to = face.box.centre();
    const Point velocity{(to.x_px - from.x_px) * per_second, (to.y_px - from.y_px) * per_second};
    const float growth = std::log(face.box.width_px / track.box.width_px) * per_second;
    const bool first = track.hits == 1;
    track.velocity_px_per_s.x_px =
        first ? velocity.x_px : blend(track.velocity_px_per_s.x_px, velocity.x_px);
    track.velocity_px_per_s.y_px =
        first ? velocity.y_px : blend(track.velocity_px_per_s.y_px, velocity.y_px);
    track.growth_per_s = first ? 0.0F : blend(track.growth_per_s, growth);
  }
  track.box = face.box;
  track.last_seen = at;
  ++track.hits;
}

void Tracker::drop_lost(WallTime at, Milliseconds step, TrackerUpdate& result) {
  std::erase_if(tracks_, [&](const Track& track) {
    const Milliseconds gap =
        std::max(track.confirmed ? rules_.max_gap : rules_.tentative_gap, step + step / 2);
    if (at - track.last_seen <= gap) return false;
    if (track.confirmed) result.ended.push_back(track.id);
    return true;
  });
}

std::vector<std::optional<std::size_t>> Tracker::associate(std::span<const Face> faces,
                                                           WallTime at) const {
  std::vector<double> costs;
  costs.reserve(tracks_.size() * faces.size());
  for (const Track& track : tracks_) {
    const Box predicted = predict(track, at);
    for (const Face& face : faces) costs.push_back(cost(track, predicted, face.box, at));
  }
  return assign(costs, tracks_.size(), faces.size(), kPairLimit);
}

TrackerUpdate Tracker::update(std::span<const Face> faces, WallTime at) {
  at = std::max(at, last_at_);
  const Milliseconds since_last = at - std::exchange(last_at_, at);
  // The shorter of the last two steps: one pause does not mean that updates are rare.
  const Milliseconds step =
      std::min({since_last, std::exchange(last_step_, since_last), kMostStep});
  TrackerUpdate result;
  result.begun = std::exchange(split_begun_, {});
  result.ended = std::exchange(split_ended_, {});
  drop_lost(at, step, result);

  const auto face_of = associate(faces, at);
  std::vector<bool> taken(faces.size(), false);
  for (std::size_t index = 0; index < tracks_.size(); ++index) {
    Track& track = tracks_[index];
    ActiveTrack active{track.id, face_of[index], {}, false, track.first_seen};
    if (active.face) {
      taken[*active.face] = true;
      hit(track, faces[*active.face], at);
      if (!track.confirmed && track.hits >= rules_.min_hits) {
        track.confirmed = true;
        result.begun.push_back(track.id);
      }
    }
    active.box = predict(track, at);
    active.confirmed = track.confirmed;
    result.active.push_back(active);
  }
  for (std::size_t face = 0; face < faces.size(); ++face) {
    if (taken[face] || !(faces[face].box.width_px > 0.0F)) continue;
    Track track;
    track.id = TrackId{++last_id_};
    track.first_seen = track.last_seen = at;
    track.box = faces[face].box;
    track.confirmed = rules_.min_hits <= 1;
    if (track.confirmed) result.begun.push_back(track.id);
    result.active.push_back({track.id, face, track.box, track.confirmed, at});
    tracks_.push_back(track);
  }
  return result;
}

std::optional<TrackId> Tracker::split(TrackId id) {
  const auto found = std::find_if(tracks_.begin(), tracks_.end(),
                                  [id](const Track& track) { return track.id == id; });
  if (found == tracks_.end() || !found->confirmed) return std::nullopt;
  Track newcomer = *found;
  newcomer.id = TrackId{++last_id_};
  newcomer.first_seen = newcomer.last_seen;
  tracks_.erase(found);
  tracks_.push_back(newcomer);
  split_ended_.push_back(id);
  split_begun_.push_back(newcomer.id);
  return newcomer.id;
}

std::vector<TrackId> Tracker::end_all() {
  std::vector<TrackId> ended = std::exchange(split_ended_, {});
  split_begun_.clear();
  for (const Track& track : tracks_) {
    if (track.confirmed) ended.push_back(track.id);
  }
  tracks_.clear();
  last_at_ = {};
  last_step_ = Milliseconds{0};
  return ended;
}

}  // namespace maitred
