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

// The share `hits` of `of` with its interval (Wilson 1927), as fractions. Nothing if `of` is 0.
std::optional<Interval> share_interval(std::size_t hits, std::size_t of);

}  // namespace maitred
