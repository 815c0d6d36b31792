// The consequence of wrong-person reports about one customer.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "maitred/base/time.h"

namespace maitred {

// Steps by which a customer's threshold can be raised; each asks for a false match rate ten times
// smaller (matching/decision_policy.h).
inline constexpr std::uint32_t kMostCaution = 3;
// Number of the newest reports that are kept.
inline constexpr std::size_t kMostWrongAnswers = 16;

struct Caution {
  std::uint32_t steps = 0;            // steps by which the threshold is raised, 0 to kMostCaution
  std::vector<WallTime> wrong;        // times of wrong-person reports, oldest first
  std::optional<WallTime> suspended;  // the customer raises no alerts since then

  bool none() const { return steps == 0 && wrong.empty() && !suspended; }
  friend bool operator==(const Caution&, const Caution&) = default;
};

}  // namespace maitred
