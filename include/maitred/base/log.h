// Logging for the operator: what happened, what it means, what to do. Never a name, a template, a
// pixel or a key. Use spdlog's free functions (spdlog::info and so on) after start_logging.
#pragma once

#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

// To stderr, with a time only where stderr is not the journal. `level` is trace, debug, info,
// warn, error or off. Error: bad_level. Call once, from main.
Status start_logging(std::string_view program, std::string_view level);

}  // namespace maitred
