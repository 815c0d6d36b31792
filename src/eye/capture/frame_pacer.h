// Decides which frames are due at a given rate. Private to this module. Pure.
#pragma once

#include <cmath>
#include <cstdint>

namespace maitred {

// Takes the first frame in each 1/fps of the source's own time. Thread-compatible.
class FramePacer {
 public:
  // `early`: the share of 1/fps by which a frame may be early and still be due. The clock of a file
  // rounds (33 ms for 1/30 s), that of a camera jitters.
  FramePacer(double fps, double early) : fps_(fps), early_(early) {}

  // `seconds` since the first frame; must not decrease.
  bool due(double seconds) {
    const auto slot = static_cast<std::int64_t>(std::floor(seconds * fps_ + early_));
    if (slot <= last_slot_) return false;
    last_slot_ = slot;
    return true;
  }

 private:
  double fps_;
  double early_;
  std::int64_t last_slot_ = -1;
};

}  // namespace maitred
