// What staff's answers have led to for one customer.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "maitred/base/time.h"

namespace maitred {

// Steps by which a customer's threshold can be raised; each asks for a false match rate ten times
// smaller (matching/decision_policy.h).
inline constexpr std::uint32_t kMostCaution = 3;
// Wrong answers that are kept, the newest.
inline constexpr std::size_t kMostWrongAnswers = 16;

struct Caution {
  std::uint32_t steps = 0;            // the threshold is raised by so many, 0 to kMostCaution
  std::vector<WallTime> wrong;        // answers "wrong person", oldest first
  std::optional<WallTime> suspended;  // raises no alerts since then

  bool none() const { return steps == 0 && wrong.empty() && !suspended; }
  friend bool operator==(const Caution&, const Caution&) = default;
};

}  // namespace maitred
