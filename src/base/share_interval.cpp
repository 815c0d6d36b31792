#include "maitred/base/share_interval.h"

#include <algorithm>
#include <cmath>

namespace maitred {

std::optional<Interval> share_interval(std::size_t hits, std::size_t of) {
  constexpr double kNormal975 = 1.959963984540054;
  if (of == 0) return std::nullopt;
  const auto n = static_cast<double>(of);
  const double share = static_cast<double>(hits) / n;
  const double z2 = kNormal975 * kNormal975;
  const double middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const double half =
      kNormal975 * std::sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n);
  return Interval{share, std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace maitred
