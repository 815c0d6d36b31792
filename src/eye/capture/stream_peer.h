// Checks quickly whether a network camera answers at all, before a library with long time-outs
// opens it. Private to this module.
#pragma once

#include <string>

#include "maitred/base/time.h"

namespace maitred {

enum class PeerState {
  kAnswers,  // or unknown: open it
  kAbsent,   // no listener, no route, or no such name
  kSilent    // accepts the connection and sends nothing
};

// Connects for rtsp:// and http://; for rtsp:// also sends OPTIONS and waits for the first byte of
// the answer. Takes at most `patience` for each; the system's name look-up may take longer. Returns
// kAnswers for other sources.
PeerState look_for_peer(const std::string& source, Milliseconds patience);

}  // namespace maitred
