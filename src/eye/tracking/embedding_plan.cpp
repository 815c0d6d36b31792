#include "maitred/eye/tracking/embedding_plan.h"

#include <algorithm>
#include <numeric>

namespace maitred {
namespace {

// With enough frames fused, a face that is this many times as wide is embedded again.
constexpr float kNearer = 1.1F;
// A face in the next frame may be this many times as wide.
constexpr float kAlmostWide = 0.9F;
// A frame must be this much better than the worst kept one to replace it.
constexpr float kBetter = 0.03F;

}  // namespace

Zone Zone::of(const std::array<double, 4>& fractions) {
  return {static_cast<float>(fractions[0]), static_cast<float>(fractions[1]),
          static_cast<float>(fractions[2]), static_cast<float>(fractions[3])};
}

bool Zone::contains(Point point, int frame_width_px, int frame_height_px) const {
  if (frame_width_px <= 0 || frame_height_px <= 0) return false;
  const float x = point.x_px / static_cast<float>(frame_width_px);
  const float y = point.y_px / static_cast<float>(frame_height_px);
  return x >= x0 && x <= x1 && y >= y0 && y <= y1;
}

EmbeddingPlan::EmbeddingPlan(EmbeddingRules rules) : rules_(rules) {}

bool EmbeddingPlan::recheck_due(const State& state, WallTime at) const {
  return state.last_taken && at - *state.last_taken >= rules_.recheck;
}

bool EmbeddingPlan::due(const State& state, WallTime at) const {
  if (!state.last_taken) return true;
  if (state.kept.size() < rules_.quick_frames) return true;
  if (at - *state.last_taken < rules_.interval) return false;
  if (state.kept.size() < rules_.enough_frames) return true;
  return recheck_due(state, at) || state.width_px >= kNearer * state.widest_taken_px;
}

std::vector<EmbeddingCandidate> EmbeddingPlan::eligible(const TrackerUpdate& update,
                                                        int frame_width_px, int frame_height_px,
                                                        WallTime at) {
  std::map<TrackId, State> still;
  std::vector<EmbeddingCandidate> candidates;
  for (const ActiveTrack& track : update.active) {
    State& state = still[track.id];
    if (const auto found = states_.find(track.id); found != states_.end()) {
      state = std::move(found->second);
    }
    if (!rules_.zone.contains(track.box.centre(), frame_width_px, frame_height_px)) {
      state.entered.reset();
      state.in_view = false;
      continue;
    }
    if (!state.entered) {
      // Only a detected face enters the zone: a prediction may drift into it.
      if (!track.face) continue;
      state.entered = at;
    }
    if (!track.face || !track.confirmed) continue;
    state.width_px = track.box.width_px;
    const bool dwells = at - *state.entered >= rules_.dwell;
    const bool wide = track.box.width_px >= static_cast<float>(rules_.min_face_px);
    state.in_view = track.box.width_px >= kAlmostWide * static_cast<float>(rules_.min_face_px);
    if (dwells && wide && due(state, at)) candidates.push_back({track.id, *track.face});
  }
  states_ = std::move(still);
  return candidates;
}

bool EmbeddingPlan::lacks(std::size_t frames, WallTime at) const {
  return std::any_of(states_.begin(), states_.end(), [&](const auto& entry) {
    const State& state = entry.second;
    return state.in_view && state.kept.size() < frames && state.entered &&
           at - *state.entered >= rules_.dwell;
  });
}

bool EmbeddingPlan::lacks_frames(WallTime at) const { return lacks(rules_.enough_frames, at); }

bool EmbeddingPlan::lacks_quick_frames(WallTime at) const { return lacks(rules_.quick_frames, at); }

double EmbeddingPlan::gain(const State& state, float quality, WallTime at) const {
  if (!(quality >= rules_.min_quality)) return 0.0;
  if (state.kept.size() < rules_.enough_frames) {
    return static_cast<double>(quality) / static_cast<double>(state.kept.size() + 1);
  }
  const float better = quality - state.kept.back();
  if (better >= kBetter) {
    return static_cast<double>(better) / static_cast<double>(state.kept.size() + 1);
  }
  return recheck_due(state, at) ? 1e-3 * static_cast<double>(quality) : 0.0;
}

std::vector<std::size_t> EmbeddingPlan::choose(std::span<const Graded> graded, WallTime at) const {
  std::vector<double> gains(graded.size(), 0.0);
  for (std::size_t index = 0; index < graded.size(); ++index) {
    const auto state = states_.find(graded[index].track);
    if (state != states_.end()) gains[index] = gain(state->second, graded[index].quality, at);
  }
  std::vector<std::size_t> chosen(graded.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  std::erase_if(chosen, [&](std::size_t index) { return gains[index] <= 0.0; });
  std::stable_sort(chosen.begin(), chosen.end(),
                   [&](std::size_t a, std::size_t b) { return gains[a] > gains[b]; });
  if (chosen.size() > rules_.per_frame) chosen.resize(rules_.per_frame);
  return chosen;
}

void EmbeddingPlan::taken(TrackId track, float quality, WallTime at) {
  const auto found = states_.find(track);
  if (found == states_.end()) return;
  State& state = found->second;
  state.last_taken = at;
  state.widest_taken_px = std::max(state.widest_taken_px, state.width_px);
  state.kept.insert(
      std::upper_bound(state.kept.begin(), state.kept.end(), quality, std::greater<>()), quality);
  if (state.kept.size() > rules_.enough_frames) state.kept.pop_back();
}

}  // namespace maitred
