// The uncertainty of a counted share. Pure.
#pragma once

#include <cstddef>
#include <optional>

namespace maitred {

// An estimate with its 95 % confidence interval.
struct Interval {
  double estimate = 0.0;
  double low = 0.0;
  double high = 0.0;
};

// A share `hits` of `of` (Wilson 1927), as fractions. Of nothing: no interval at all.
std::optional<Interval> share_interval(std::size_t hits, std::size_t of);

}  // namespace maitred
