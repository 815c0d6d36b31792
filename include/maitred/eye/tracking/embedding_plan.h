// Decides which faces of a frame may be embedded, and which of them are worth it.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/eye/tracking/tracker.h"
#include "maitred/types/face.h"
#include "maitred/types/ids.h"

namespace maitred {

// A part of the frame as fractions of its width and height, origin top left.
struct Zone {
  float x0 = 0.0F;
  float y0 = 0.0F;
  float x1 = 1.0F;
  float y1 = 1.0F;

  // From x0, y0, x1, y1, as in the configuration.
  static Zone of(const std::array<double, 4>& fractions);

  bool contains(Point point, int frame_width_px, int frame_height_px) const;
};

struct EmbeddingRules {
  int min_face_px = 60;           // least width of a face
  Zone zone;                      // the centre of the face must lie in it
  Milliseconds dwell{700};        // time in the zone before the first template; 0 in mode "open"
  float min_quality = 0.1F;       // a template of lower quality is useless
  std::size_t enough_frames = 8;  // templates fused; after that only better frames and re-checks
  std::size_t quick_frames = 3;   // first templates of a track, made at once to decide early
  Milliseconds interval{100};     // least time between the later templates
  Milliseconds recheck{3000};     // after enough frames, checks that the person is the same
  std::size_t per_frame = 3;      // most templates a frame
};

// A face that may be embedded in this frame. `face` is its index in the detections.
struct EmbeddingCandidate {
  TrackId track;
  std::size_t face = 0;
};

// Used once a frame: eligible() names the faces that may be embedded; the caller measures their
// quality, asks choose() which of them to embed, embeds those and reports each with taken(). The
// caller must not embed a face that eligible() does not name: it is outside the zone or has not
// served its dwell time. Thread-compatible.
class EmbeddingPlan {
 public:
  explicit EmbeddingPlan(EmbeddingRules rules);

  // Returns confirmed tracks that are due, with a face in this frame that is wide enough, in the
  // zone, and has served its dwell time. Must see every update of the tracker, also those without
  // faces.
  std::vector<EmbeddingCandidate> eligible(const TrackerUpdate& update, int frame_width_px,
                                           int frame_height_px, WallTime at);

  struct Graded {
    TrackId track;
    float quality = 0.0F;  // FaceQuality::overall
  };
  // Returns indices into `graded` (tracks of eligible()), best gain first, at most per_frame.
  // Tracks with few templates gain most. A track with enough gains only from a frame better than
  // the worst kept, or from a re-check.
  std::vector<std::size_t> choose(std::span<const Graded> graded, WallTime at) const;

  // True if a track of the last eligible() lacks templates and can give one now or in the next
  // frame.
  bool lacks_frames(WallTime at) const;
  // True if such a track lacks one of its quick_frames.
  bool lacks_quick_frames(WallTime at) const;

  // Reports that a template of the track was computed from this frame.
  void taken(TrackId track, float quality, WallTime at);

 private:
  struct State {
    std::optional<WallTime> entered;  // when it entered the zone; empty while outside
    std::optional<WallTime> last_taken;
    std::vector<float> kept;  // qualities of the best frames, best first
    float width_px = 0.0F;    // of the face in the last frame that showed it
    bool in_view = false;     // confirmed, in the zone, and wide enough now or in the next frame
    float widest_taken_px = 0.0F;
  };
  bool recheck_due(const State& state, WallTime at) const;
  bool due(const State& state, WallTime at) const;
  bool lacks(std::size_t frames, WallTime at) const;
  // Returns what a frame of this quality would add, 0 for nothing.
  double gain(const State& state, float quality, WallTime at) const;

  EmbeddingRules rules_;
  std::map<TrackId, State> states_;
};

}  // namespace maitred
