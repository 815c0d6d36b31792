#include "maitred/shop/report/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace maitred {
namespace {

constexpr double kNormal975 = 1.959963984540054;
constexpr double kPower80 = 0.8416212335729143;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The unbiased variance. Requires at least two values.
double variance_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0.0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size() - 1);
}

}  // namespace

std::optional<double> quantile(std::vector<double> values, double p) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double place = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

std::optional<Interval> mean_interval(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(values.size());
  const double half = student_975(n - 1) * std::sqrt(variance_of(values) / n);
  const double mean = mean_of(values);
  return Interval{mean, mean - half, mean + half};
}

std::optional<Interval> difference_interval(const std::vector<double>& a,
                                            const std::vector<double>& b) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const auto na = static_cast<double>(a.size());
  const auto nb = static_cast<double>(b.size());
  const double va = variance_of(a) / na;
  const double vb = variance_of(b) / nb;
  const double difference = mean_of(a) - mean_of(b);
  if (va + vb == 0.0) return Interval{difference, difference, difference};
  const double freedom = (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1));
  const double half = student_975(freedom) * std::sqrt(va + vb);
  return Interval{difference, difference - half, difference + half};
}

std::optional<std::size_t> answers_needed(const std::vector<double>& a,
                                          const std::vector<double>& b, double effect) {
  if (a.size() < 2 || b.size() < 2 || !(effect > 0.0)) return std::nullopt;
  const auto na = static_cast<double>(a.size());
  const auto nb = static_cast<double>(b.size());
  const double pooled = ((na - 1) * variance_of(a) + (nb - 1) * variance_of(b)) / (na + nb - 2);
  const double z = kNormal975 + kPower80;
  return static_cast<std::size_t>(std::ceil(2 * z * z * pooled / (effect * effect)));
}

double student_975(double degrees_of_freedom) {
  return boost::math::quantile(boost::math::students_t(std::max(1.0, degrees_of_freedom)), 0.975);
}

}  // namespace maitred
