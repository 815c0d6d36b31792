// Cohort normalisation: subtracts from a similarity how much the face resembles people in general.
// Some faces resemble many (the embedder has seen few like them, or the picture is poor); without
// this correction they cause most false alerts. Source: adaptive symmetric score
// normalisation, P. Matejka et al., "Analysis of score normalization in multilingual speaker
// recognition", Interspeech 2017; here as a shift only, so that thresholds keep their scale.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace maitred {

// Measured on LFW people (models/README.md): a smaller cohort is too noisy, a larger one adds
// nothing.
inline constexpr std::size_t kLeastCohort = 32;
inline constexpr std::size_t kLargestCohort = 256;

// Immutable, pure.
class CohortNorm {
 public:
  CohortNorm() = default;  // no cohort: shifts nothing
  // `resemblances[i]` is the resemblance of the i-th member to the others; see resemblance().
  explicit CohortNorm(std::span<const float> resemblances);

  // The mean of the highest twentieth of the similarities to the members. Leaves out `without`, the
  // member who is the person in question. Reorders `similarities`. Requires kLeastCohort members or
  // more.
  static float resemblance(std::span<float> similarities, std::optional<std::size_t> without);

  // The cosine to subtract from every similarity of a face with this resemblance.
  float shift(float resemblance) const { return strength_ * (resemblance - usual_); }
  bool active() const { return strength_ > 0.0F; }

 private:
  float strength_ = 0.0F;  // grows from kLeastCohort members to kFullCohort
  float usual_ = 0.0F;     // resemblance of the members among each other
};

}  // namespace maitred
