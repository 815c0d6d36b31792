#include "maitred/tracking/liveness_fusion.h"

#include <numeric>

namespace maitred {

void LivenessFusion::add(float score) {
  scores_.push_back(score);
  if (scores_.size() > rules_.most_frames) scores_.pop_front();
}

float LivenessFusion::score() const {
  if (scores_.empty()) return 0.0F;
  return std::accumulate(scores_.begin(), scores_.end(), 0.0F) /
         static_cast<float>(scores_.size());
}

std::optional<bool> LivenessFusion::live() const {
  if (scores_.size() < rules_.least_frames) return std::nullopt;
  return score() >= rules_.live_from;
}

}  // namespace maitred
