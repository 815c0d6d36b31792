#include "maitred/ctl/evaluation/score_counts.h"

#include <algorithm>
#include <cmath>

namespace maitred {
namespace {

constexpr double kLowest = -1.5;
constexpr double kHighest = 1.5;
constexpr std::uint64_t kLeastExceedances = 50;

}  // namespace

ScoreCounts::ScoreCounts() : counts_(static_cast<std::size_t>((kHighest - kLowest) / kStep) + 1) {}

std::size_t ScoreCounts::bin(double similarity) {
  const double place = std::floor((similarity - kLowest) / kStep + 1e-6);
  return static_cast<std::size_t>(std::clamp(place, 0.0, (kHighest - kLowest) / kStep));
}

void ScoreCounts::add(float similarity) {
  ++counts_[bin(static_cast<double>(similarity))];
  ++total_;
}

std::uint64_t ScoreCounts::at_least(double threshold) const {
  std::uint64_t sum = 0;
  for (std::size_t i = bin(threshold); i < counts_.size(); ++i) sum += counts_[i];
  return sum;
}

double ScoreCounts::share_at_least(double threshold) const {
  return total_ == 0 ? 0.0 : static_cast<double>(at_least(threshold)) / static_cast<double>(total_);
}

double ScoreCounts::share_below(double threshold) const {
  return total_ == 0 ? 0.0 : 1.0 - share_at_least(threshold);
}

double ScoreCounts::threshold_for(double share) const {
  const auto allowed = static_cast<std::uint64_t>(share * static_cast<double>(total_));
  std::uint64_t above = 0;
  for (std::size_t i = counts_.size(); i-- > 0;) {
    above += counts_[i];
    if (above > allowed) return std::min(1.0, kLowest + static_cast<double>(i + 1) * kStep);
  }
  return kLowest;
}

double ParetoTail::rate(double threshold) const {
  const double beyond = std::max(0.0, threshold - from) / scale;
  if (std::abs(shape) < 1e-6) return share * std::exp(-beyond);
  const double base = 1.0 + shape * beyond;
  return base <= 0.0 ? 0.0 : share * std::pow(base, -1.0 / shape);
}

double ParetoTail::threshold_for(double rate) const {
  const double ratio = share / rate;
  if (ratio <= 1.0) return from;
  const double beyond =
      std::abs(shape) < 1e-6 ? std::log(ratio) : (std::pow(ratio, shape) - 1.0) / shape;
  return std::min(1.0, from + scale * beyond);
}

ParetoTail fit_tail(const ScoreCounts& impostors, double share) {
  ParetoTail tail;
  tail.from = impostors.threshold_for(share);
  const std::uint64_t count = impostors.at_least(tail.from);
  tail.share = impostors.share_at_least(tail.from);
  if (count < kLeastExceedances) return tail;
  // a0 = E[Y], a1 = E[Y (1 - F(Y))] over the exceedances Y, from the lowest up.
  double a0 = 0.0;
  double a1 = 0.0;
  std::uint64_t before = 0;
  const auto n = static_cast<double>(count);
  for (double at = tail.from; at < kHighest; at += ScoreCounts::kStep) {
    const std::uint64_t here = impostors.at_least(at) - impostors.at_least(at + ScoreCounts::kStep);
    if (here == 0) continue;
    const double excess = at + ScoreCounts::kStep / 2.0 - tail.from;
    const double middle_rank =
        static_cast<double>(before) + (static_cast<double>(here) - 1.0) / 2.0;
    a0 += static_cast<double>(here) * excess;
    a1 += static_cast<double>(here) * excess * (n - 1.0 - middle_rank) / (n - 1.0);
    before += here;
  }
  a0 /= n;
  a1 /= n;
  const double spread = a0 - 2.0 * a1;
  if (spread <= 0.0) return tail;
  tail.shape = std::clamp(2.0 - a0 / spread, 0.0, 0.3);
  // The mean of the exceedances is scale / (1 - shape). It is kept if the shape was clamped.
  tail.scale = a0 * (1.0 - tail.shape);
  return tail;
}

}  // namespace maitred
