// The few statistics of the report. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "maitred/base/share_interval.h"

namespace maitred {

// Linear interpolation between the order statistics (Hyndman and Fan 1996, type 7); `p` in [0, 1].
std::optional<double> quantile(std::vector<double> values, double p);

// A mean by Student's t; needs two values.
std::optional<Interval> mean_interval(const std::vector<double>& values);

// Mean of `a` less mean of `b` (Welch 1947); needs two values of each.
std::optional<Interval> difference_interval(const std::vector<double>& a,
                                            const std::vector<double>& b);

// How many answers each arm needs so that a true difference of `effect` between two means is found
// with 80 % power at 5 % (two-sided): 2 (1.960 + 0.842)^2 s^2 / effect^2, s^2 the pooled variance.
// Needs two values of each, and effect > 0.
std::optional<std::size_t> answers_needed(const std::vector<double>& a,
                                          const std::vector<double>& b, double effect);

// The 97.5 % point of Student's t.
double student_975(double degrees_of_freedom);

}  // namespace maitred
