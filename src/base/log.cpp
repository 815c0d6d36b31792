#include "maitred/base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "maitred/base/repeat_filter.h"

namespace maitred {
namespace {

std::atomic<std::uint64_t> warnings_logged{0};
std::atomic<std::uint64_t> errors_logged{0};

// sd-daemon(3): the priority of a line on a service's stderr.
char journal_priority(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return '2';
    case spdlog::level::err:
      return '3';
    case spdlog::level::warn:
      return '4';
    case spdlog::level::info:
      return '6';
    default:
      return '7';
  }
}

class OperatorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit OperatorSink(bool journal) : journal_(journal) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level == spdlog::level::warn) ++warnings_logged;
    if (message.level >= spdlog::level::err) ++errors_logged;
    const auto decision = filter_.judge({message.payload.data(), message.payload.size()},
                                        std::chrono::steady_clock::now());
    if (!decision.say) return;
    if (decision.kept_back == 0) return write(message);
    const std::string text =
        fmt::format("{} (and {} times more before)",
                    std::string_view(message.payload.data(), message.payload.size()),
                    decision.kept_back);
    spdlog::details::log_msg counted = message;
    counted.payload = text;
    write(counted);
  }

  void flush_() override { std::fflush(stderr); }

 private:
  void write(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (journal_) fmt::print(stderr, "<{}>", journal_priority(message.level));
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

  const bool journal_;
  RepeatFilter filter_;
};

Result<spdlog::level::level_enum> level_of(std::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  if (parsed != spdlog::level::off || level == "off") return parsed;
  return input_error("bad_level", fmt::format("'{}' is not a log level; use trace, debug, info, "
                                              "warn, error or off",
                                              level));
}

}  // namespace

Status start_logging(std::string_view program, std::string_view level) {
  MAITRED_ASSIGN(const auto parsed, level_of(level));
  const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;  // NOLINT: read once, at start
  auto logger = std::make_shared<spdlog::logger>(std::string(program),
                                                 std::make_shared<OperatorSink>(journal));
  logger->set_pattern(journal ? "%l: %v" : "%Y-%m-%dT%H:%M:%S.%eZ %n %l: %v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

Status set_log_level(std::string_view level) {
  MAITRED_ASSIGN(const auto parsed, level_of(level));
  spdlog::default_logger()->set_level(parsed);
  return {};
}

LogCounts log_counts() { return {warnings_logged, errors_logged}; }

}  // namespace maitred
