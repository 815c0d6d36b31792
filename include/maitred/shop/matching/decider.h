// Turns sightings into matches: decides which live track is which customer.
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

// Serves all cameras of a box. It keeps scores and customer ids of live tracks, never a probe. For
// a track that resembles nobody it keeps times and counts only.
//
// A customer is at most one track at a time, and a track at most one customer: the optimal
// assignment over all live tracks decides conflicts. A match must reach the threshold of its
// attempt (DecisionPolicy), which is higher for customers with caution. It must also keep a margin
// to every other customer, a larger one to a look-alike. Customers who are another track with a
// higher similarity do not count.
//
// A decided track stays decided until it ends, loses its customer to a track that fits better, or
// is corrected by a later attempt; then another Match is returned. Thread-compatible, pure state.
class Decider {
 public:
  // Takes a sighting of a live or new track. Returns the new decisions about any track; mostly
  // there is none or one. A sighting with fewer frames than the one before means that the eye
  // restarted this track: it counts as a new one. Error: template_mismatch (kEnvironment) if the
  // probe is not of the gallery's engine; nothing changes then.
  Result<std::vector<Match>> observe(const std::string& camera, const Sighting& sighting,
                                     const Gallery& gallery, const DecisionPolicy& policy);

  // Makes a last attempt to decide the track, then forgets it. This may also decide tracks that it
  // was in conflict with.
  std::vector<Match> end_track(const std::string& camera, TrackId track,
                               const DecisionPolicy& policy);

  // Ends all tracks of a camera whose eye is gone, without a last attempt.
  void drop_camera(const std::string& camera);

  // Stops matching a customer who was erased or withdrew consent.
  void forget(const CustomerId& customer);

  // The customer that the track was decided to be; used to prolong the visit of someone who stays
  // in view.
  std::optional<CustomerId> decided(const std::string& camera, TrackId track) const;

  // True if a template of the track has arrived.
  bool knows(const std::string& camera, TrackId track) const {
    return tracks_.contains({camera, track});
  }

 private:
  using Key = std::pair<std::string, TrackId>;
  struct Evidence {
    WallTime first_seen{};
    WallTime at{};
    std::optional<Milliseconds> position;
    std::uint32_t frames = 0;
    DecisionPolicy::Attempts attempts;
    std::vector<Candidate> candidates;  // for the newest template, best first, near the threshold
                                        // or above
    double share = 0.0;  // what the newest attempt may spend; 0: nothing may be decided
    std::vector<std::pair<CustomerId, CustomerId>> lookalikes;  // among the candidates
    std::optional<Candidate> held;                              // the customer it was decided to be
  };
  using Tracks = std::map<Key, Evidence>;
  struct Contest;  // one run of the assignment

  Contest contest(const DecisionPolicy& policy);
  std::vector<Match> resolve(const DecisionPolicy& policy);

  Tracks tracks_;
};

}  // namespace maitred
