#include "maitred/base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace maitred {

Status start_logging(std::string_view program, std::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  if (parsed == spdlog::level::off && level != "off") {
    return input_error("bad_level", fmt::format("'{}' is not a log level; use trace, debug, info, "
                                                "warn, error or off",
                                                level));
  }
  auto logger = std::make_shared<spdlog::logger>(
      std::string(program), std::make_shared<spdlog::sinks::stderr_sink_mt>());
  const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;  // NOLINT: read once, at start
  logger->set_pattern(journal ? "%n: %l: %v" : "%Y-%m-%dT%H:%M:%S.%eZ %n %l: %v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace maitred
