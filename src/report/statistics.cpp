#include "maitred/report/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace maitred {
namespace {

constexpr double kNormal975 = 1.959963984540054;
constexpr double kPower80 = 0.8416212335729143;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Unbiased; of two values at least.
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
  const double freedom =
      (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1));
  const double half = student_975(freedom) * std::sqrt(va + vb);
  return Interval{difference, difference - half, difference + half};
}

std::optional<std::size_t> answers_needed(const std::vector<double>& a,
                                          const std::vector<double>& b, double effect) {
  if (a.size() < 2 || b.size() < 2 || !(effect > 0.0)) return std::nullopt;
  const auto na = static_cast<double>(a.size());
  const auto nb = static_cast<double>(b.size());
  const double pooled =
      ((na - 1) * variance_of(a) + (nb - 1) * variance_of(b)) / (na + nb - 2);
  const double z = kNormal975 + kPower80;
  return static_cast<std::size_t>(std::ceil(2 * z * z * pooled / (effect * effect)));
}

double student_975(double degrees_of_freedom) {
  // Up to 30 as printed in every table; beyond, the expansion of Fisher and Cornish (1960), whose
  // error there is below 1e-5.
  static constexpr std::array<double, 30> kTable = {
      12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
      2.2010,  2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
      2.0796,  2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423};
  const double n = std::max(1.0, degrees_of_freedom);
  if (n <= 30.0) {
    const auto below = static_cast<std::size_t>(n);
    const std::size_t above = std::min(below + 1, kTable.size());
    // Nearly straight in 1 / n.
    const double left = kTable[below - 1];
    const double right = kTable[above - 1];
    if (above == below) return left;
    const double part = (1.0 / static_cast<double>(below) - 1.0 / n) /
                        (1.0 / static_cast<double>(below) - 1.0 / static_cast<double>(above));
    return left + part * (right - left);
  }
  const double z = kNormal975;
  const double z3 = z * z * z;
  const double z5 = z3 * z * z;
  const double z7 = z5 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

}  // namespace maitred
