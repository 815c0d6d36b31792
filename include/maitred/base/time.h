// Two clocks that must not be mixed. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

using Milliseconds = std::chrono::milliseconds;

// When something happened, UTC. The pipeline's time is the frame's time: for a file it is the
// file's start plus the position in it, however fast it is read.
using WallTime = std::chrono::sys_time<Milliseconds>;

// Monotonic; for time-outs and rates. Never stored, never sent.
using Timestamp = std::chrono::steady_clock::time_point;

// "2026-11-22T10:15:03.120Z"
std::string format_time(WallTime time);

// Accepts "YYYY-MM-DD", "YYYY-MM-DDTHH:MM[:SS[.fff]]Z" and the same with "+HH:MM"; years 1970 to
// 9999. Error: bad_time.
Result<WallTime> parse_time(std::string_view text);

// A number and a unit: ms, s, m, h, d, w, y (365 days); "700ms", "1.5h". Not negative, at most 200
// years. Error: bad_duration.
Result<Milliseconds> parse_duration(std::string_view text);

// The shortest exact form parse_duration reads: "700ms", "4h", "3y".
std::string format_duration(Milliseconds duration);

}  // namespace maitred
