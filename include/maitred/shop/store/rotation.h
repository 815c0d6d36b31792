// The secret rotation under which a store keeps and matches templates.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "maitred/base/secret.h"
#include "maitred/types/template.h"

namespace maitred {

// An orthogonal matrix for each engine and length, derived from a seed. It is a product of
// Householder reflections along Gaussian directions (Stewart 1980), so it is uniformly distributed.
// Cosines between templates change by less than 1e-6; templates of stores with different seeds are
// unrelated. It is no encryption: with the seed, or with many pairs of templates, it can be undone.
// Thread-compatible: `rotate` caches the matrix of an engine.
class TemplateRotation {
 public:
  // Requires 32 bytes.
  explicit TemplateRotation(SecretBytes seed) : seed_(std::move(seed)) {}

  Template rotate(const Template& plain) const;

 private:
  using Directions = WipedVector<double>;
  const Directions& directions(const std::string& engine, std::size_t length) const;

  SecretBytes seed_;
  mutable std::map<std::pair<std::string, std::size_t>, Directions> directions_;
};

}  // namespace maitred
