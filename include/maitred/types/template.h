// A biometric template, which recognition compares.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "maitred/base/secret.h"

namespace maitred {

// A cosine, -1 to 1.
struct Similarity {
  float value = -1.0F;
  auto operator<=>(const Similarity&) const = default;
};

// float[engine's length], L2-normalised, of one engine; templates of different engines are not
// comparable. Wiped on destruction, not printable, copied only by name (clone). Thread-compatible.
class Template {
 public:
  Template() = default;
  // Normalises `values`. An all-zero vector stays zero and matches nobody. `quality` is clamped to
  // 0 to 1.
  Template(std::string engine, std::span<const float> values, float quality = 1.0F);

  Template(Template&&) noexcept = default;
  Template& operator=(Template&&) noexcept = default;
  Template clone() const;

  const std::string& engine() const { return engine_; }
  std::span<const float> values() const { return values_; }
  // Quality of the picture it was made from (FaceQuality::overall), 0 to 1; 1 if it is unknown.
  float quality() const { return quality_; }
  bool empty() const { return values_.empty(); }

 private:
  Template(const Template&) = default;

  std::string engine_;
  WipedVector<float> values_;
  float quality_ = 1.0F;
};

// Requires the same engine and length. Pure.
Similarity similarity(const Template& a, const Template& b);

// The normalised mean of templates of one engine and length. Requires at least one, and as many
// weights (not negative) as templates. If all weights are 0, it is zero and matches nobody. Pure.
Template weighted_mean(std::span<const Template* const> templates, std::span<const float> weights);

}  // namespace maitred
