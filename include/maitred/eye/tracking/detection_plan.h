// Decides which frames the detector runs on.
#pragma once

#include <optional>

#include "maitred/base/time.h"

namespace maitred {

// What the tracks in view still need.
enum class Demand {
  kNobody,   // no tracks
  kSettled,  // no templates: every track has enough, or cannot give one yet
  kFrames,   // a track lacks templates and can give one now
  kQuick     // a track is not confirmed, or can give its first templates
};

struct DetectionRules {
  // Shortest times between runs. Each is a little less than the frame interval that it stands for.
  Milliseconds quick{25};       // kQuick: decide early
  Milliseconds shortest{80};    // kFrames; also kNobody while something moves
  Milliseconds settled{180};    // kSettled, something moves
  Milliseconds still{480};      // kSettled, nothing moves
  Milliseconds patience{1000};  // kNobody, nothing moves: finds a person who stands still
};

// In a frame without a run, tracks continue by prediction. Thread-compatible; no clock.
class DetectionPlan {
 public:
  explicit DetectionPlan(DetectionRules rules = {}) : rules_(rules) {}

  // The first run is always due.
  bool due(Demand demand, bool moved, WallTime at) const;
  void detected(WallTime at) { last_ = at; }

 private:
  DetectionRules rules_;
  std::optional<WallTime> last_;
};

}  // namespace maitred
