// Fuses the templates of a track's best frames into one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "maitred/types/template.h"

namespace maitred {

struct FusionRules {
  std::size_t max_frames = 8;  // number of best frames kept
  // A frame less similar than this to the track's template may be another person. Depends on the
  // engine: use its threshold at FMR 1e-2 (retail: about 0.22).
  Similarity another_person_below{0.22F};
};

struct FusedTemplate {
  Template probe;
  float quality = 0.0F;  // quality-weighted mean of the frames' qualities, 0 to 1
  std::uint32_t frames = 0;
};

enum class Fused {
  kImproved,       // the template changed: send a sighting
  kUnchanged,      // the same person, but not better than the frames kept
  kSetAside,       // unlike the track's template; the next frame decides. Send nothing
  kAnotherPerson,  // two frames in a row are unlike it and like each other: the track has jumped
};

// Quality-weighted mean of the templates of a track's best frames. One object a track; wiped on
// destruction. A single unlike frame is set aside and never fused. If the next frame agrees with it
// rather than with the track, the track has jumped to another person. The caller then ends the
// track (Tracker::split) and uses a new object for the new track, so that the new person serves
// their own dwell time. Thread-compatible.
class TrackFusion {
 public:
  explicit TrackFusion(FusionRules rules = {});

  // Requires templates of one engine and length. Ignores an empty or all-zero template, and a
  // quality that is not above 0.
  Fused add(Template frame, float quality);

  // Empty before the first frame.
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
