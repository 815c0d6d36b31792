// The few statistics of the report. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "maitred/base/share_interval.h"

namespace maitred {

// Interpolates linearly between the order statistics (Hyndman and Fan 1996, type 7). Requires `p`
// in [0, 1]. Empty without values.
std::optional<double> quantile(std::vector<double> values, double p);

// The mean with its interval by Student's t. Empty for fewer than two values.
std::optional<Interval> mean_interval(const std::vector<double>& values);

// The mean of `a` minus the mean of `b`, with its interval (Welch 1947). Empty if either has fewer
// than two values.
std::optional<Interval> difference_interval(const std::vector<double>& a,
                                            const std::vector<double>& b);

// How many answers each arm needs so that a true difference of `effect` between two means is found
// with 80 % power at 5 % (two-sided): 2 (1.960 + 0.842)^2 s^2 / effect^2, s^2 the pooled variance.
// Empty if either has fewer than two values, or effect is not positive.
std::optional<std::size_t> answers_needed(const std::vector<double>& a,
                                          const std::vector<double>& b, double effect);

// The 97.5 % point of Student's t.
double student_975(double degrees_of_freedom);

}  // namespace maitred
