// Which frames are worth a run of the detector.
#pragma once

#include <optional>

#include "maitred/base/time.h"

namespace maitred {

// What the tracks in view still need.
enum class Demand {
  kNobody,   // there are none
  kSettled,  // to be followed only: as many templates as they need, or none to be had yet
  kFrames,   // somebody lacks frames and could give one now
  kQuick     // somebody is to be confirmed, or could give the first of all
};

struct LookRules {
  // At least so long from look to look; a little less than the frame interval it stands for.
  Milliseconds quick{25};       // somebody new: to decide early
  Milliseconds shortest{80};    // somebody lacks frames, or something moves and nobody is there
  Milliseconds settled{180};    // something moves, everybody is settled
  Milliseconds still{480};      // nothing moves, but somebody is there
  Milliseconds patience{1000};  // nothing moves and nobody is there: who stands still is found now
};

// In a frame without a look, tracks go on by prediction. Thread-compatible; no clock.
class LookPlan {
 public:
  explicit LookPlan(LookRules rules = {}) : rules_(rules) {}

  // The first look is always due.
  bool due(Demand demand, bool moved, WallTime at) const;
  void looked(WallTime at) { last_ = at; }

 private:
  LookRules rules_;
  std::optional<WallTime> last_;
};

}  // namespace maitred
