// Distributions of similarities, and the tail of the impostors'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace maitred {

// Counts by similarity in steps of kStep, so that any number of pairs takes the same memory. Pure.
class ScoreCounts {
 public:
  static constexpr double kStep = 0.0005;

  ScoreCounts();
  void add(float similarity);
  std::uint64_t total() const { return total_; }
  // The number at or above the threshold, exact to one step.
  std::uint64_t at_least(double threshold) const;
  double share_at_least(double threshold) const;
  double share_below(double threshold) const;
  // The lowest threshold that at most this share reaches; 1 if there is none.
  double threshold_for(double share) const;

 private:
  static std::size_t bin(double similarity);
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

// A generalised Pareto tail fitted by probability-weighted moments to all above a high threshold.
// Source: J. Hosking, J. Wallis, "Parameter and quantile estimation for the generalized Pareto
// distribution", Technometrics 29(3), 1987.
struct ParetoTail {
  double from = 1.0;   // the threshold above which it holds
  double share = 0.0;  // of all similarities that lie above it
  double shape = 0.0;  // 0 exponential, above 0 heavier
  double scale = 0.05;

  double rate(double threshold) const;      // P(similarity >= threshold), threshold >= from
  double threshold_for(double rate) const;  // the inverse; at most 1
};

// Fitted to the highest `share` of the counts (at least 50 pairs, else the tail has scale 0.05).
// The shape is kept within 0 to 0.3. Any folder has few relatives and look-alikes, so the far tail
// is heavier than its beginning suggests, and a threshold must not rely on a tail that ends.
ParetoTail fit_tail(const ScoreCounts& impostors, double share);

}  // namespace maitred
