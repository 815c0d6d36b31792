// A limit on how often something may be done: so many times a second, and some more at once after a
// pause. Pure; time is an argument.
#pragma once

#include <algorithm>

#include "maitred/base/time.h"

namespace maitred {

// Thread-compatible.
class TokenBucket {
 public:
  // Full at `now`.
  TokenBucket(double per_second, double at_once, Timestamp now)
      : per_second_(per_second), at_once_(at_once), left_(at_once), filled_(now) {}

  // Takes one if there is one.
  bool take(Timestamp now) {
    fill(now);
    if (left_ < 1.0) return false;
    left_ -= 1.0;
    return true;
  }

  // Takes one in any case, and returns how long to wait until it is there.
  Milliseconds borrow(Timestamp now) {
    fill(now);
    left_ -= 1.0;
    if (left_ >= 0.0) return Milliseconds{0};
    return std::chrono::ceil<Milliseconds>(std::chrono::duration<double>(-left_ / per_second_));
  }

 private:
  void fill(Timestamp now) {
    const double passed_s = std::chrono::duration<double>(now - filled_).count();
    left_ = std::min(at_once_, left_ + passed_s * per_second_);
    filled_ = now;
  }

  double per_second_;
  double at_once_;
  double left_;
  Timestamp filled_;
};

}  // namespace maitred
