#include "maitred/eye/tracking/liveness_fusion.h"

#include <algorithm>
#include <numeric>

namespace maitred {

void LivenessFusion::add(float score) {
  scores_.push_back(score);
  if (scores_.size() > rules_.most_frames) scores_.pop_front();
}

float LivenessFusion::judged(float score) const {
  return moves() == false ? score * rules_.live_from / rules_.still_from : score;
}

float LivenessFusion::score() const {
  if (scores_.empty()) return 0.0F;
  const float mean =
      std::accumulate(scores_.begin(), scores_.end(), 0.0F) / static_cast<float>(scores_.size());
  return judged(mean);
}

void LivenessFusion::add_change(float change, Milliseconds at) {
  if (!watched_from_) watched_from_ = at;
  largest_change_ = std::max(largest_change_, change);
  watched_ = std::max(watched_, at - *watched_from_);
}

std::optional<bool> LivenessFusion::moves() const {
  if (largest_change_ >= rules_.moves_from) return true;
  if (watched_ >= rules_.watched) return false;
  return std::nullopt;
}

std::optional<bool> LivenessFusion::live() const {
  if (scores_.size() < rules_.least_frames) return std::nullopt;
  return score() >= rules_.live_from;
}

}  // namespace maitred
