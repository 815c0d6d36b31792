// One template of a track from its best frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "maitred/types/template.h"

namespace maitred {

struct FusionRules {
  std::size_t max_frames = 8;  // the best are kept
  // A frame less similar than this to the track's template is perhaps another person. Depends on
  // the engine: its threshold at FMR 1e-2 is right (retail: about .22).
  Similarity another_person_below{0.22F};
};

struct FusedTemplate {
  Template probe;
  float quality = 0.0F;  // quality-weighted mean of the frames' qualities, 0 to 1
  std::uint32_t frames = 0;
};

enum class Fused {
  kImproved,       // the template changed: worth a sighting
  kUnchanged,      // not better than the frames kept, but the same person
  kSetAside,       // unlike the track's template; the next frame will tell. Send nothing.
  kAnotherPerson,  // two frames in a row are unlike it and like each other: the track has jumped
};

// Quality-weighted mean of the templates of a track's best frames. One object a track; wiped on
// destruction. A single unlike frame is set aside and never fused; when the next one agrees with it
// rather than with the track, the track has jumped to another person: the object then holds only
// the newcomer's two frames, and the caller should end the track (Tracker::split) and begin the
// newcomer with a new object, so that the newcomer's own dwell time counts. Thread-compatible.
class TrackFusion {
 public:
  explicit TrackFusion(FusionRules rules = {});

  // Requires templates of one engine and length. An empty or all-zero template, or a quality that
  // is not above 0, changes nothing.
  Fused add(Template frame, float quality);

  // Nothing before the first frame.
  std::optional<FusedTemplate> fused() const;
  std::size_t frames() const { return kept_.size(); }

 private:
  struct Frame {
    Template values;
    float quality = 0.0F;
  };
  void keep(Frame frame);
  void compute_mean();

  FusionRules rules_;
  std::vector<Frame> kept_;  // best first
  std::optional<Frame> set_aside_;
  Template mean_;
};

}  // namespace maitred
