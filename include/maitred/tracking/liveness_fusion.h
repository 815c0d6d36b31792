// Is a track a face before the camera, or a picture of one? From the scores of its frames.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

namespace maitred {

struct LivenessRules {
  float live_from = 0.15F;       // of the mean score, 0 to 1 (vision/liveness.h)
  std::size_t least_frames = 2;  // one frame may show a reflection, a blink, a blur
  std::size_t most_frames = 12;  // the newest count: who takes a picture down is seen then
};

// The mean over the frames: errors of single frames even out, those of a good picture do not.
// Thread-compatible.
class LivenessFusion {
 public:
  explicit LivenessFusion(LivenessRules rules = {}) : rules_(rules) {}

  void add(float score);
  // Nothing before there are enough frames.
  std::optional<bool> live() const;
  // 0 without frames.
  float score() const;
  std::size_t frames() const { return scores_.size(); }

 private:
  LivenessRules rules_;
  std::deque<float> scores_;
};

}  // namespace maitred
