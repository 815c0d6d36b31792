// Sightings to matches: which live track is which customer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "maitred/shop/matching/decision_policy.h"
#include "maitred/shop/matching/gallery.h"
#include "maitred/types/ids.h"
#include "maitred/types/sighting.h"
#include "maitred/types/visit.h"

namespace maitred {

// All cameras of a box. Keeps scores and customer ids of live tracks, never a probe, and of a track
// that resembles nobody nothing but its times and counts. A customer is at most one track at a
// time, and a track at most one customer: the optimal assignment over all live tracks decides
// conflicts. A match needs the threshold of its look (DecisionPolicy), higher for customers with
// caution, and the margin to every other customer, more to one who looks like them, except those
// who are known to be another track with a higher similarity.
//
// A decided track stays decided until it ends, loses its customer to a track that fits better, or
// is corrected by a later look; then another Match is returned. Thread-compatible, pure state.
class Decider {
 public:
  // A sighting of a live or new track; returns what is newly decided, of any track (mostly nothing
  // or one). Error: template_mismatch (kEnvironment), when the probe is not of the gallery's
  // engine; nothing changes then. Fewer frames than before mean that
  // the eye began anew with this track: it counts as a new one.
  Result<std::vector<Match>> observe(const std::string& camera, const Sighting& sighting,
                                     const Gallery& gallery, const DecisionPolicy& policy);

  // The last look at the track, then it is forgotten. May decide it, or others that it stood in
  // the way of.
  std::vector<Match> end_track(const std::string& camera, TrackId track,
                               const DecisionPolicy& policy);

  // The camera's eye is gone: ends all its tracks without a last look.
  void drop_camera(const std::string& camera);

  // The customer is no longer to be matched: erased, or consent withdrawn.
  void forget(const CustomerId& customer);

  // Who the track is, as decided so far: to prolong the visit of someone who stays in view.
  std::optional<CustomerId> decided(const std::string& camera, TrackId track) const;

  // A template of the track has come.
  bool knows(const std::string& camera, TrackId track) const {
    return tracks_.contains({camera, track});
  }
  std::size_t live_tracks() const { return tracks_.size(); }

 private:
  using Key = std::pair<std::string, TrackId>;
  struct Evidence {
    WallTime first_seen{};
    WallTime at{};
    std::optional<Milliseconds> position;
    std::uint32_t frames = 0;
    DecisionPolicy::Looks looks;
    std::vector<Candidate>
        candidates;      // of the latest template, best first, near or above threshold
    double share = 0.0;  // of the latest look; 0: nothing may be decided
    std::vector<std::pair<CustomerId, CustomerId>> lookalikes;  // among the candidates
    std::optional<Candidate> held;                              // decided
  };
  using Tracks = std::map<Key, Evidence>;
  struct Contest;  // one run of the assignment

  Contest contest(const DecisionPolicy& policy);
  std::vector<Match> resolve(const DecisionPolicy& policy);

  Tracks tracks_;
};

}  // namespace maitred
