// Is a track a face before the camera, or a picture of one? From the scores of its frames.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "maitred/base/time.h"

namespace maitred {

struct LivenessRules {
  float live_from = 0.15F;       // of the mean score, 0 to 1 (vision/liveness.h)
  std::size_t least_frames = 2;  // one frame may show a reflection, a blink, a blur
  std::size_t most_frames = 12;  // the newest count: who takes a picture down is seen then

  // Changes of the face (vision/face_motion.h): less than `moves_from` in all of `watched` is a
  // picture's stillness, and the networks' word for "live" is then believed only from their usual
  // middle on, 0.5. Films at hand: living faces at least 0.023 in two seconds, photos of faces
  // carried about at most 0.007.
  float moves_from = 0.012F;
  Milliseconds watched{2000};
  float still_from = 0.5F;
};

// The mean over the frames: errors of single frames even out, those of a good picture do not.
// Thread-compatible.
class LivenessFusion {
 public:
  explicit LivenessFusion(LivenessRules rules = {}) : rules_(rules) {}

  void add(float score);
  // The change of the face in the frame of this time, by any clock; where nobody measures it,
  // nothing is still.
  void add_change(float change, Milliseconds at);
  // Nothing before it has been watched for long enough, or has moved.
  std::optional<bool> moves() const;

  // Nothing before there are enough frames.
  std::optional<bool> live() const;
  // Of one frame or of their mean, on the scale of `live_from`.
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
