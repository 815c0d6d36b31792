// Delays between attempts. Pure.
#pragma once

#include <algorithm>

#include "maitred/base/time.h"

namespace maitred {

// 0.25 s, 0.5 s, 1 s, 2 s, 4 s, 8 s, 8 s, ... until reset(). Thread-compatible.
class Backoff {
 public:
  explicit Backoff(Milliseconds first = Milliseconds{250}, Milliseconds most = Milliseconds{8000})
      : first_(first), most_(most), next_(first) {}

  Milliseconds next() {
    const Milliseconds wait = next_;
    next_ = std::min(next_ * 2, most_);
    return wait;
  }
  void reset() { next_ = first_; }

 private:
  Milliseconds first_;
  Milliseconds most_;
  Milliseconds next_;
};

}  // namespace maitred
