// A quick look whether a network camera answers at all, before a library with long time-outs is
// asked to open it. Private to this module.
#pragma once

#include <string>

#include "maitred/base/time.h"

namespace maitred {

enum class PeerState {
  kAnswers,  // or cannot be told: go on and open it
  kAbsent,   // nobody listens, no way there, no such name
  kSilent    // takes the connection and says nothing
};

// For rtsp:// and http:// a connection, for rtsp:// also OPTIONS and the first byte of its answer.
// Lasts at most `patience` for each. Other sources: kAnswers. A name is looked up by the system,
// which may take longer.
PeerState look_for_peer(const std::string& source, Milliseconds patience);

}  // namespace maitred
