// Wall time and monotonic time, which must not be mixed.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

using Milliseconds = std::chrono::milliseconds;

// When something happened, UTC. The time of the pipeline is that of the frame: for a file, it is
// the file's start plus the position in it, however fast the file is read.
using WallTime = std::chrono::sys_time<Milliseconds>;

// Monotonic time, for time-outs and rates. Never stored, never sent.
using Timestamp = std::chrono::steady_clock::time_point;

// The present, by the system's clock. Thread-safe. Code that decides by time takes it as an
// argument.
WallTime wall_now();

// Writes "2026-11-22T10:15:03.120Z". Pure.
std::string format_time(WallTime time);

// Reads "YYYY-MM-DD", "YYYY-MM-DDTHH:MM[:SS[.fff]]Z" and the same with "+HH:MM"; years 1970 to
// 9999. Error: bad_time. Pure.
Result<WallTime> parse_time(std::string_view text);

// Reads a number and a unit (ms, s, m, h, d, w, y of 365 days): "700ms", "1.5h". Not negative, at
// most 200 years. Error: bad_duration. Pure.
Result<Milliseconds> parse_duration(std::string_view text);

// Writes the shortest exact form that parse_duration reads: "700ms", "4h", "3y". Pure.
std::string format_duration(Milliseconds duration);

}  // namespace maitred
