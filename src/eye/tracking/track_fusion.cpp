#include "maitred/eye/tracking/track_fusion.h"

#include <algorithm>
#include <utility>

namespace maitred {
namespace {

bool tells_something(const Template& frame) {
  const auto values = frame.values();
  return std::any_of(values.begin(), values.end(), [](float value) { return value != 0.0F; });
}

}  // namespace

TrackFusion::TrackFusion(FusionRules rules) : rules_(rules) {}

void TrackFusion::keep(Frame frame) {
  const auto place =
      std::upper_bound(kept_.begin(), kept_.end(), frame.quality,
                       [](float quality, const Frame& other) { return quality > other.quality; });
  kept_.insert(place, std::move(frame));
  if (kept_.size() > rules_.max_frames) kept_.pop_back();
}

void TrackFusion::compute_mean() {
  std::vector<const Template*> templates;
  std::vector<float> weights;
  for (const Frame& frame : kept_) {
    templates.push_back(&frame.values);
    // Squared: if a person comes nearer, the last and largest faces count most.
    weights.push_back(frame.quality * frame.quality);
  }
  mean_ = weighted_mean(templates, weights);
}

Fused TrackFusion::add(Template values, float quality) {
  if (!(quality > 0.0F) || !tells_something(values)) return Fused::kUnchanged;
  Frame frame{std::move(values), quality};
  if (!kept_.empty() && similarity(mean_, frame.values) < rules_.another_person_below) {
    if (!set_aside_ || similarity(set_aside_->values, frame.values) < rules_.another_person_below) {
      set_aside_ = std::move(frame);
      return Fused::kSetAside;
    }
    kept_.clear();
    keep(*std::exchange(set_aside_, std::nullopt));
    keep(std::move(frame));
    compute_mean();
    return Fused::kAnotherPerson;
  }
  set_aside_.reset();
  if (kept_.size() >= rules_.max_frames && quality <= kept_.back().quality) {
    return Fused::kUnchanged;
  }
  keep(std::move(frame));
  compute_mean();
  return Fused::kImproved;
}

std::optional<FusedTemplate> TrackFusion::fused() const {
  if (kept_.empty()) return std::nullopt;
  float sum = 0.0F;
  float squares = 0.0F;
  for (const Frame& frame : kept_) {
    sum += frame.quality;
    squares += frame.quality * frame.quality;
  }
  return FusedTemplate{mean_.clone(), squares / sum, static_cast<std::uint32_t>(kept_.size())};
}

}  // namespace maitred
