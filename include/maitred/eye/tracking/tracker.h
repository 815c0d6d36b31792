// Joins the faces of successive frames into tracks. One track is one person while in view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/face.h"
#include "maitred/types/ids.h"

namespace maitred {

struct TrackerRules {
  // If updates are rare, both gaps grow with the time between them: a track does not end before an
  // update has missed it.
  Milliseconds max_gap{1000};       // a confirmed track unseen for longer ends
  Milliseconds tentative_gap{350};  // an unconfirmed track unseen for longer ends
  int min_hits = 2;                 // detections that confirm a track; one may be a false detection
};

// A track in the present frame.
struct ActiveTrack {
  TrackId id;
  std::optional<std::size_t> face;  // index into the faces given; empty if only predicted
  Box box;                          // of the face, or predicted
  bool confirmed = false;
  WallTime first_seen{};  // the track's first detection
};

// `begun` and `ended` name confirmed tracks only. Each id appears once in `begun` and later once in
// `ended`.
struct TrackerUpdate {
  std::vector<ActiveTrack> active;  // ordered by id
  std::vector<TrackId> begun;
  std::vector<TrackId> ended;
};

// Predicts each track at constant velocity and assigns the detections optimally by overlap, centre
// distance and size. All three are relative to the size of the face, so that frame rate and
// resolution do not matter. Times are frame times; a time before the last one counts as equal to
// it. Thread-compatible; uses no clock and keeps no pixels.
class Tracker {
 public:
  explicit Tracker(TrackerRules rules = {});

  // Takes the detections of one frame.
  TrackerUpdate update(std::span<const Face> faces, WallTime at);

  // Ends a track whose face turned out to be another person (see TrackFusion) and continues the
  // face as a new, confirmed track. Returns the new id; the next update names both ids in `ended`
  // and `begun`. Returns nothing for an unknown or unconfirmed track.
  std::optional<TrackId> split(TrackId track);

  // Ends all tracks, for example at the end of a file. Returns the confirmed ones.
  std::vector<TrackId> end_all();

 private:
  struct Track {
    TrackId id;
    WallTime first_seen{};
    WallTime last_seen{};
    int hits = 1;
    bool confirmed = false;
    Box box;                    // last seen
    Point velocity_px_per_s;    // of the centre
    float growth_per_s = 0.0F;  // of the logarithm of the width
  };

  Box predict(const Track& track, WallTime at) const;
  double cost(const Track& track, const Box& predicted, const Box& seen, WallTime at) const;
  void hit(Track& track, const Face& face, WallTime at);
  void drop_lost(WallTime at, Milliseconds step, TrackerUpdate& result);
  std::vector<std::optional<std::size_t>> associate(std::span<const Face> faces, WallTime at) const;

  TrackerRules rules_;
  std::vector<Track> tracks_;  // ordered by id
  std::vector<TrackId> split_begun_;
  std::vector<TrackId> split_ended_;
  WallTime last_at_{};
  Milliseconds last_step_{0};  // between the last two updates
  std::uint64_t last_id_ = 0;
};

}  // namespace maitred
