#include "models/demo/figures.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace maitred::demo {
namespace {

double cosine(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

struct Best {
  std::size_t index = 0;
  double score = -1.0;
};

Best best_match(const std::vector<Vector>& enrolled, const Vector& probe) {
  Best best;
  if (probe.empty()) return best;
  for (std::size_t i = 0; i < enrolled.size(); ++i) {
    if (enrolled[i].empty()) continue;
    const double score = cosine(enrolled[i], probe);
    if (score > best.score) best = {i, score};
  }
  return best;
}

// The share of sorted scores that reach the threshold.
double share_at_least(const std::vector<double>& sorted, double threshold) {
  const auto from = std::lower_bound(sorted.begin(), sorted.end(), threshold);
  return static_cast<double>(sorted.end() - from) / static_cast<double>(sorted.size());
}

}  // namespace

std::vector<VerificationRow> verification(const std::vector<Vector>& enrolled,
                                          const std::vector<std::vector<Vector>>& probes,
                                          const std::vector<double>& thresholds) {
  std::vector<double> mated;
  std::vector<double> nonmated;
  for (std::size_t p = 0; p < probes.size(); ++p) {
    for (const Vector& probe : probes[p]) {
      for (std::size_t i = 0; i < enrolled.size(); ++i) {
        const bool usable = !probe.empty() && !enrolled[i].empty();
        const double score = usable ? cosine(enrolled[i], probe) : -1.0;
        (i == p ? mated : nonmated).push_back(score);
      }
    }
  }
  std::sort(mated.begin(), mated.end());
  std::sort(nonmated.begin(), nonmated.end());
  std::vector<VerificationRow> rows;
  for (const double threshold : thresholds) {
    rows.push_back(
        {threshold, share_at_least(nonmated, threshold), 1.0 - share_at_least(mated, threshold)});
  }
  return rows;
}

Identification identification(const std::vector<Vector>& enrolled,
                              const std::vector<std::vector<Vector>>& probes,
                              const std::vector<Vector>& strangers, double fpir_target) {
  std::vector<double> scores;
  for (const Vector& stranger : strangers) scores.push_back(best_match(enrolled, stranger).score);
  std::sort(scores.begin(), scores.end(), std::greater<>());
  const auto allowed = static_cast<std::size_t>(fpir_target * static_cast<double>(scores.size()));
  Identification result;
  result.threshold = scores[std::min(allowed, scores.size() - 1)] + 1e-6;
  const auto alarms = std::count_if(scores.begin(), scores.end(),
                                    [&](double score) { return score >= result.threshold; });
  result.fpir = static_cast<double>(alarms) / static_cast<double>(scores.size());
  double all = 0.0;
  double missed = 0.0;
  double not_found = 0.0;
  for (std::size_t p = 0; p < probes.size(); ++p) {
    for (const Vector& probe : probes[p]) {
      const Best best = best_match(enrolled, probe);
      all += 1.0;
      if (probe.empty()) not_found += 1.0;
      if (best.index != p || best.score < result.threshold) missed += 1.0;
    }
  }
  result.fnir = missed / all;
  result.not_found = not_found / all;
  return result;
}

}  // namespace maitred::demo
