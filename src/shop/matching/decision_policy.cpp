#include "maitred/shop/matching/decision_policy.h"

#include <algorithm>
#include <cmath>

#include "maitred/base/check.h"

namespace maitred {
namespace {

// Shares of the budget that an attempt may spend; the header explains them.
constexpr double kEarlyShare = 0.05;
constexpr std::uint32_t kEarlyAttempts = 2;
constexpr double kSettledShare = 0.6;
constexpr std::uint32_t kFullSettledAttempts = 8;

}  // namespace

DecisionPolicy DecisionPolicy::derive(const Calibration& calibration, const DecisionRules& rules,
                                      std::size_t comparisons) {
  MAITRED_CHECK(rules.fpir > 0.0 && rules.fpir < 1.0);
  const auto count = static_cast<double>(std::max<std::size_t>(comparisons, 1));
  // 1 - (1 - FPIR)^(1/N), without losing the digits.
  const double fmr = -std::expm1(std::log1p(-rules.fpir) / count);
  return {calibration, rules, comparisons, fmr};
}

Similarity DecisionPolicy::threshold(double share, std::uint32_t caution) const {
  MAITRED_CHECK(share > 0.0 && share <= 1.0);
  return calibration_.threshold_for(fmr_ * share * std::pow(0.1, caution));
}

Similarity DecisionPolicy::threshold() const { return threshold(kSettledShare); }

double DecisionPolicy::expected_false_alerts_per_1000() const {
  if (comparisons_ == 0) return 0.0;
  // Far out in its tail, the calibration may promise less than what was asked for.
  const double fmr = std::max(fmr_, calibration_.fmr(threshold(1.0)));
  return -1000.0 * std::expm1(static_cast<double>(comparisons_) * std::log1p(-fmr));
}

double DecisionPolicy::expected_miss_rate() const { return calibration_.fnmr(threshold()); }

Confidence DecisionPolicy::confidence(Similarity similarity) const {
  return similarity >= threshold(kEarlyShare) ? Confidence::kHigh : Confidence::kMedium;
}

double DecisionPolicy::spend(Attempts& attempts, std::uint32_t frames) const {
  if (frames == 0) return 0.0;
  if (frames >= rules_.settled_frames) {
    const double beyond = static_cast<double>(++attempts.settled) / kFullSettledAttempts;
    return kSettledShare / std::max(1.0, beyond);
  }
  if (attempts.early >= kEarlyAttempts) return 0.0;
  ++attempts.early;
  return kEarlyShare;
}

double DecisionPolicy::spend_rest() const { return kSettledShare; }

}  // namespace maitred
