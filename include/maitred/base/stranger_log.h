// Logging of what somebody unauthenticated did.
#pragma once

#include <spdlog/common.h>
#include <spdlog/logger.h>

#include <string_view>

namespace maitred {

// A stranger may do it as often as he likes and choose words of the text, so lines of one `kind`
// are limited together, whatever they say: a few in ten seconds, then counted. Thread-safe.
void log_stranger(spdlog::logger& to, spdlog::level::level_enum level, std::string_view kind,
                  std::string_view text);

}  // namespace maitred
