#include "cohort.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace maitred {
namespace {

constexpr std::size_t kFullCohort = 128;
constexpr float kFullStrength = 0.5F;
constexpr double kHighestShare = 0.05;

}  // namespace

CohortNorm::CohortNorm(std::span<const float> resemblances) {
  if (resemblances.size() < kLeastCohort) return;
  const auto full = static_cast<float>(resemblances.size() - kLeastCohort) /
                    static_cast<float>(kFullCohort - kLeastCohort);
  strength_ = kFullStrength * std::min(full, 1.0F);
  usual_ = std::accumulate(resemblances.begin(), resemblances.end(), 0.0F) /
           static_cast<float>(resemblances.size());
}

float CohortNorm::resemblance(std::span<float> similarities, std::optional<std::size_t> without) {
  const auto share = static_cast<std::size_t>(
      std::lround(kHighestShare * static_cast<double>(similarities.size())));
  const auto highest = static_cast<std::ptrdiff_t>(std::max<std::size_t>(share, 1));
  if (without) similarities[*without] = -2.0F;
  // Few of many are wanted: a heap is faster than the partitions of nth_element.
  std::partial_sort(similarities.begin(), similarities.begin() + highest, similarities.end(),
                    std::greater<>());
  return std::accumulate(similarities.begin(), similarities.begin() + highest, 0.0F) /
         static_cast<float>(highest);
}

}  // namespace maitred
