// Which faces of a frame are worth a template, and which may have one at all.
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

// Fractions of the frame, from its top left.
struct Zone {
  float x0 = 0.0F;
  float y0 = 0.0F;
  float x1 = 1.0F;
  float y1 = 1.0F;

  // x0, y0, x1, y1 as the configuration has them.
  static Zone of(const std::array<double, 4>& fractions);

  bool contains(Point point, int frame_width_px, int frame_height_px) const;
};

struct EmbeddingRules {
  int min_face_px = 60;           // width of a face worth embedding
  Zone zone;                      // where the centre of the face must be
  Milliseconds dwell{700};        // for so long without leaving it; zero for mode "open"
  float min_quality = 0.1F;       // below this a template tells nothing
  std::size_t enough_frames = 8;  // fused; after that only better frames and re-checks
  std::size_t quick_frames = 3;   // of each track at once, to decide early
  Milliseconds interval{100};     // between its later templates, at least
  Milliseconds recheck{3000};     // after enough frames: is it still the same person?
  std::size_t per_frame = 3;      // templates a frame, best gain first
};

// A face that may be embedded in this frame, by its index in the detections.
struct EmbeddingCandidate {
  TrackId track;
  std::size_t face = 0;
};

// Once a frame: eligible() says which faces may be looked at closer; the caller measures their
// quality and asks choose() which to embed, embeds those and reports each by taken(). A face that
// eligible() does not name must not be embedded: outside the zone, or not yet dwelling there.
// Thread-compatible.
class EmbeddingPlan {
 public:
  explicit EmbeddingPlan(EmbeddingRules rules);

  // Confirmed tracks with a face in this frame that is wide enough, in the zone, dwelling there,
  // and due. Must see every update of the tracker, also those without faces.
  std::vector<EmbeddingCandidate> eligible(const TrackerUpdate& update, int frame_width_px,
                                           int frame_height_px, WallTime at);

  struct Graded {
    TrackId track;
    float quality = 0.0F;  // FaceQuality::overall
  };
  // Indices into `graded` (tracks of eligible()), best gain first, at most per_frame. Tracks with
  // few templates gain most; with enough, a frame must be better than the worst kept, or it is a
  // re-check.
  std::vector<std::size_t> choose(std::span<const Graded> graded, WallTime at) const;

  // Whether somebody of the last eligible() could give a template that is still lacking, now or
  // with the next frame.
  bool lacks_frames(WallTime at) const;
  // The same of those who lack one of the first, quick ones.
  bool lacks_quick_frames(WallTime at) const;

  // A template of the track was computed from this frame.
  void taken(TrackId track, float quality, WallTime at);

 private:
  struct State {
    std::optional<WallTime> entered;  // the zone; nothing while outside
    std::optional<WallTime> last_taken;
    std::vector<float> kept;  // qualities of the best frames, best first
    float width_px = 0.0F;    // of the face in the last frame that showed it
    bool in_view = false;     // a face of a confirmed track, in the zone, a little smaller at most
    float widest_taken_px = 0.0F;
  };
  bool recheck_due(const State& state, WallTime at) const;
  bool due(const State& state, WallTime at) const;
  bool lacks(std::size_t frames, WallTime at) const;
  // What a frame of this quality would add; nothing to gain is 0.
  double gain(const State& state, float quality, WallTime at) const;

  EmbeddingRules rules_;
  std::map<TrackId, State> states_;
};

}  // namespace maitred
