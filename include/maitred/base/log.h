// Logging for the operator: what happened, what it means, what to do. Never a name, a template, a
// pixel or a key. Use spdlog's free functions (spdlog::info and so on) after start_logging.
#pragma once

#include <cstdint>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

// To stderr: with a time, or, where stderr is the journal, with the priority it understands. The
// same line again and again is said a few times in ten seconds, then counted. `level` is trace,
// debug, info, warn, error or off. Error: bad_level. Call once, from main.
Status start_logging(std::string_view program, std::string_view level);

// At any time after. Error: bad_level.
Status set_log_level(std::string_view level);

// Since start_logging, the repeated ones too. Thread-safe.
struct LogCounts {
  std::uint64_t warnings = 0;
  std::uint64_t errors = 0;
};
LogCounts log_counts();

}  // namespace maitred
