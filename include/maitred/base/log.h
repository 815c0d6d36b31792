// Logging for the operator: what happened, what it means, what to do. Never a name, a template, a
// pixel or a key. Modules log by journal(), main functions by spdlog's free functions.
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

// Levels of single modules, by the names of their folders.
using ModuleLevels = std::map<std::string, std::string>;

// Logs to stderr with a time. If stderr is systemd's journal, logs to it with the fields MESSAGE,
// PRIORITY, SYSLOG_IDENTIFIER (the program) and MAITRED_MODULE. A repeated line is logged a few
// times in ten seconds, then counted. `level` is trace, debug, info, warn, error or off; `modules`
// overrides it for single modules. Error: bad_level. Call it once, from main.
Status start_logging(std::string_view program, std::string_view level,
                     const ModuleLevels& modules = {});

// Changes the levels later. Error: bad_level.
Status set_log_level(std::string_view level, const ModuleLevels& modules = {});

// The logger of a module; it lives as long as the program. Thread-safe.
spdlog::logger& module_logger(std::string_view module);
#ifdef MAITRED_MODULE  // the build defines it for each module
static inline spdlog::logger& journal() {
  static spdlog::logger& own = module_logger(MAITRED_MODULE);
  return own;
}
#endif

// Numbers of lines since start_logging, including repeated ones. Thread-safe.
struct LogCounts {
  std::uint64_t warnings = 0;
  std::uint64_t errors = 0;
};
LogCounts log_counts();

}  // namespace maitred
