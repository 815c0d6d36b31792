// Faces of frame after frame to tracks: one track is one person while in view.
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
  // Both grow with the time between updates where these are rare: nobody is lost before a look has
  // missed them.
  Milliseconds max_gap{1000};       // unseen for longer: the track ends
  Milliseconds tentative_gap{350};  // the same before it is confirmed
  int min_hits = 2;                 // detections that confirm a track: a flicker makes none
};

// A track in the present frame.
struct ActiveTrack {
  TrackId id;
  std::optional<std::size_t> face;  // index into the faces given; nothing when only predicted
  Box box;                          // the face's, or where it is expected
  bool confirmed = false;
  WallTime first_seen{};  // the track's first detection
};

// `begun` and `ended` speak of confirmed tracks only: each id appears once in `begun`, later once
// in `ended`.
struct TrackerUpdate {
  std::vector<ActiveTrack> active;  // in the order of their ids
  std::vector<TrackId> begun;
  std::vector<TrackId> ended;
};

// Predicts each track at constant velocity and assigns the detections optimally, by overlap,
// centre distance and size, all relative to the face's size, so that frame rate and resolution do
// not matter. Times are frame times; one that is not later than the last counts as equal to it.
// Thread-compatible; no clock, no memory of pixels.
class Tracker {
 public:
  explicit Tracker(TrackerRules rules = {});

  // The detections of one frame. With no faces it predicts only, so that frames without a detector
  // run may be given too.
  TrackerUpdate update(std::span<const Face> faces, WallTime at);

  // The track's face turned out to be another person (TrackFusion said so): the old track ends and
  // the face goes on as a new, confirmed track, whose id is returned; both ids also stand in
  // `ended` and `begun` of the next update. Nothing for an unknown or unconfirmed track.
  std::optional<TrackId> split(TrackId track);

  // Ends all tracks, as at the end of a file or after the camera was lost; returns the confirmed.
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
  std::vector<Track> tracks_;  // in the order of their ids
  std::vector<TrackId> split_begun_;
  std::vector<TrackId> split_ended_;
  WallTime last_at_{};
  Milliseconds last_step_{0};  // between the last two updates
  std::uint64_t last_id_ = 0;
};

}  // namespace maitred
