// Cohort normalisation: how much a face resembles people in general is taken off its similarity to
// one of them. Some faces resemble many (the embedder has seen few like them, or the picture is
// poor); without this they cause most false alerts. Source: adaptive symmetric score
// normalisation, P. Matejka et al., "Analysis of score normalization in multilingual speaker
// recognition", Interspeech 2017; here as a shift only, so that thresholds keep their scale.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace maitred {

// Measured on LFW people (README, Figures): a cohort of fewer people says too little, of more
// nothing new.
inline constexpr std::size_t kLeastCohort = 32;
inline constexpr std::size_t kLargestCohort = 256;

// Immutable, pure.
class CohortNorm {
 public:
  CohortNorm() = default;  // no cohort: shifts nothing
  // `resemblances[i]`: of the i-th member to the others, see resemblance().
  explicit CohortNorm(std::span<const float> resemblances);

  // The mean of the highest twentieth of the similarities to the members; `without`, the member
  // that is the person in question, is left out. Reorders `similarities`. Requires kLeastCohort
  // members or more.
  static float resemblance(std::span<float> similarities, std::optional<std::size_t> without);

  // What is taken off every similarity of a face of this resemblance; cosine.
  float shift(float resemblance) const { return strength_ * (resemblance - usual_); }
  bool active() const { return strength_ > 0.0F; }

 private:
  float strength_ = 0.0F;  // grows from kLeastCohort members to kFullCohort
  float usual_ = 0.0F;     // resemblance of the members among each other
};

}  // namespace maitred
