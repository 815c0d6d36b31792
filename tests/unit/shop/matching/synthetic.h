// Made-up templates: people are random directions, frames are those with noise.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "maitred/types/ids.h"
#include "maitred/types/template.h"

namespace maitred {

class SyntheticPeople {
 public:
  explicit SyntheticPeople(std::size_t length, unsigned seed = 5)
      : length_(length), random_(seed) {}

  std::vector<float> person() {
    std::vector<float> values(length_);
    for (float& value : values) value = normal_(random_);
    return values;
  }

  // Two frames of one person have a similarity of about 1 / (1 + noise^2).
  Template frame(const std::vector<float>& person, float noise) {
    std::vector<float> values(person);
    for (float& value : values) value += noise * normal_(random_);
    return Template("synthetic", values);
  }

 private:
  std::size_t length_;
  std::mt19937_64 random_;
  std::normal_distribution<float> normal_;
};

inline CustomerId customer(std::size_t number) { return CustomerId(fmt::format("c{}", number)); }

}  // namespace maitred
