// State of the delivery to one system, for status and metrics. A value.
#pragma once

#include <cstdint>
#include <string>

namespace maitred {

struct CourierState {
  std::string name;             // "webhook HOST:PORT", "mqtt HOST:PORT"
  bool delivering = true;       // false: the last try failed
  std::uint64_t waiting = 0;    // upper bound of changes of alerts that are not delivered yet
  std::uint64_t delivered = 0;  // since the start
  std::uint64_t failures = 0;   // tries that failed, since the start
  std::string trouble;          // why, while it is not delivering
};

}  // namespace maitred
