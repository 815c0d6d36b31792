// The limits of what the core takes from one eye. An eye decodes what strangers send, so it may be
// taken over: it may then say what it sees, but not when, and not without end.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/base/token_bucket.h"
#include "maitred/shop/store/customers.h"
#include "maitred/types/sighting.h"

namespace maitred {

struct EyeLimits {
  // How far the times of a live camera may lie from the core's clock. Both run on one machine.
  Milliseconds ahead{5'000};
  Milliseconds behind{60'000};
  // The same for a film that is read faster than real time: as far as a store still opens.
  Milliseconds film = kFurthestAhead;
  Milliseconds oldest_track = std::chrono::minutes{30};  // then it is ended
  Milliseconds silent_track = std::chrono::minutes{5};   // without a sighting
  std::size_t tracks = 128;                              // at once; the most silent one is ended
  double new_tracks_per_minute = 240;                    // of a camera in real time
};

// Pure state of one connection; time comes in: `wall` is the core's clock, `now` the monotonic one.
class EyeBounds {
 public:
  enum class Source { kLive, kFilm, kFastFilm };  // kFastFilm: read faster than real time

  EyeBounds(Source source, Timestamp now, EyeLimits limits = {});

  // Checks a sighting and counts its track. Corrects what the eye cannot know better than the core:
  // whether the source is a film, and how old a track can be. Error: eye_refused (kInput), which
  // says why; nothing may be done with the sighting then.
  Status admit(Sighting& sighting, WallTime wall, Timestamp now);
  Status admit(const TrackEnded& ended, WallTime wall);

  // Tracks that are too old or silent, or one too many. They are forgotten here; the next sighting
  // of such a track begins it anew.
  std::vector<TrackEnded> overdue(Timestamp now);

  // True if a live camera may speak of this time now. It stops being true of a time that was
  // admitted if somebody sets the clock. A film keeps the time of its start.
  bool is_of_now(WallTime at, WallTime wall) const;

  std::size_t tracks() const { return tracks_.size(); }

 private:
  struct Track {
    Timestamp begun;
    Timestamp seen;
    WallTime at{};
  };

  Status check_time(WallTime at, WallTime wall) const;

  Source source_;
  EyeLimits limits_;
  std::map<TrackId, Track> tracks_;
  TokenBucket new_tracks_;
};

}  // namespace maitred
