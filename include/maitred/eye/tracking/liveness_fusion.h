// Decides from the scores of a track's frames whether it is a live face or a picture of one.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "maitred/base/time.h"

namespace maitred {

struct LivenessRules {
  float live_from = 0.15F;       // of the mean score, 0 to 1 (vision/liveness.h)
  std::size_t least_frames = 2;  // a single frame may show a reflection, a blink or a blur
  std::size_t most_frames = 12;  // the newest count, so that the score follows a changed scene

  // A face that changes by less than `moves_from` during `watched` (see vision/face_motion.h) is as
  // still as a picture. The networks then need a score of 0.5 instead of `live_from`. In recorded
  // films live faces change by at least 0.023 in two seconds, carried photos by at most 0.007.
  float moves_from = 0.012F;
  Milliseconds watched{2000};
  float still_from = 0.5F;
};

// Uses the mean over the frames, which evens out errors of single frames. Thread-compatible.
class LivenessFusion {
 public:
  explicit LivenessFusion(LivenessRules rules = {}) : rules_(rules) {}

  void add(float score);
  // Adds the change of the face in the frame of this time, by any clock. A track without changes
  // never counts as still.
  void add_change(float change, Milliseconds at);
  // Empty until the face has moved or has been watched for long enough.
  std::optional<bool> moves() const;

  // Empty until there are enough frames.
  std::optional<bool> live() const;
  // Adjusts the score of one frame, or a mean, to the scale of `live_from`.
  float judged(float score) const;
  // 0 without frames.
  float score() const;
  std::size_t frames() const { return scores_.size(); }

 private:
  LivenessRules rules_;
  std::deque<float> scores_;
  float largest_change_ = 0.0F;
  std::optional<Milliseconds> watched_from_;
  Milliseconds watched_{0};
};

}  // namespace maitred
