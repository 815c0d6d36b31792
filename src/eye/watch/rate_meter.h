// How fast a count grows. Private to this module. Pure.
#pragma once

#include <cstdint>
#include <deque>

#include "maitred/base/time.h"

namespace maitred {

// Thread-compatible.
class RateMeter {
 public:
  // `count` as it stands at `at`; the growth a second over the last few seconds.
  double update(std::uint64_t count, Timestamp at) {
    constexpr auto kWindow = std::chrono::seconds{4};
    samples_.push_back({count, at});
    while (samples_.size() > 2 && at - samples_.front().at > kWindow) samples_.pop_front();
    const std::chrono::duration<double> lasted = at - samples_.front().at;
    if (lasted.count() <= 0.0) return 0.0;
    return static_cast<double>(count - samples_.front().count) / lasted.count();
  }

 private:
  struct Sample {
    std::uint64_t count = 0;
    Timestamp at{};
  };
  std::deque<Sample> samples_;
};

}  // namespace maitred
