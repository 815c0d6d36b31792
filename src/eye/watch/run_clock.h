// The time of a run over the frames of a source. Private to this module.
#pragma once

#include <chrono>
#include <optional>

#include "maitred/base/time.h"
#include "maitred/eye/capture/frame_source.h"

namespace maitred {

// Files count by their positions, live sources, which have none, by the clock since the first
// frame.
class RunClock {
 public:
  Milliseconds at(const SourceFrame& frame) {
    const Timestamp now = std::chrono::steady_clock::now();
    if (!begin_) begin_ = now;
    if (frame.position.count() > 0) return frame.position;
    return std::chrono::duration_cast<Milliseconds>(now - *begin_);
  }

 private:
  std::optional<Timestamp> begin_;
};

}  // namespace maitred
