// Logging for the operator: what happened, what it means, what to do. Never a name, a template, a
// pixel or a key. Modules speak by journal(), mains by spdlog's free functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace spdlog {
class logger;
}

namespace maitred {

// Levels of single modules, by the name of their folder under src/.
using ModuleLevels = std::map<std::string, std::string>;

// To stderr with a time, or, where stderr is systemd's journal, to that with fields: MESSAGE,
// PRIORITY, SYSLOG_IDENTIFIER (the program) and MAITRED_MODULE. The same line again and again is
// said a few times in ten seconds, then counted. `level` is trace, debug, info, warn, error or off,
// of all modules but for those named. Error: bad_level. Call once, from main.
Status start_logging(std::string_view program, std::string_view level,
                     const ModuleLevels& modules = {});

// The same levels at any time after. Error: bad_level.
Status set_log_level(std::string_view level, const ModuleLevels& modules = {});

// The logger of a module, which lives as long as the program. Thread-safe.
spdlog::logger& module_logger(std::string_view module);
#ifdef MAITRED_MODULE  // by the build, while a module is compiled
static inline spdlog::logger& journal() {
  static spdlog::logger& own = module_logger(MAITRED_MODULE);
  return own;
}
#endif

// Since start_logging, the repeated ones too. Thread-safe.
struct LogCounts {
  std::uint64_t warnings = 0;
  std::uint64_t errors = 0;
};
LogCounts log_counts();

}  // namespace maitred
