#include "maitred/base/log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "journal_stream.h"
#include "maitred/base/json.h"
#include "maitred/base/repeat_filter.h"

namespace maitred {
namespace {

std::atomic<std::uint64_t> warnings_logged{0};
std::atomic<std::uint64_t> errors_logged{0};

// sd-daemon(3): the priority of a line on a service's stderr.
int journal_priority(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return 2;
    case spdlog::level::err:
      return 3;
    case spdlog::level::warn:
      return 4;
    case spdlog::level::info:
      return 6;
    default:
      return 7;
  }
}

class OperatorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Lines begin with a time and the program, except in the journal, which adds both itself.
  void begin(std::string_view program, bool journal) {
    program_ = program;
    journal_ = journal;
    set_formatter(std::make_unique<spdlog::pattern_formatter>(
        journal ? "%l: %v" : fmt::format("%Y-%m-%dT%H:%M:%S.%eZ {}%n %l: %v", program),
        spdlog::pattern_time_type::utc));
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level == spdlog::level::warn) ++warnings_logged;
    if (message.level >= spdlog::level::err) ++errors_logged;
    const auto decision = filter_.judge({message.payload.data(), message.payload.size()},
                                        std::chrono::steady_clock::now());
    if (!decision.say) return;
    // Some of it may have come from outside.
    std::string text = shown_text({message.payload.data(), message.payload.size()});
    if (decision.kept_back > 0) {
      text += fmt::format(" (and {} times more before)", decision.kept_back);
    }
    spdlog::details::log_msg counted = message;
    counted.payload = text;
    write(counted);
  }

  void flush_() override { std::fflush(stderr); }

 private:
  void write(const spdlog::details::log_msg& message) {
    const int priority = journal_priority(message.level);
    const std::string_view name(message.logger_name.data(), message.logger_name.size());
    if (journal_ && send_to_journal({program_,
                                     name.substr(name.starts_with('/') ? 1 : 0),
                                     priority,
                                     {message.payload.data(), message.payload.size()}})) {
      return;
    }
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (journal_) fmt::print(stderr, "<{}>", priority);
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

  std::string program_;
  std::atomic<bool> journal_{false};
  RepeatFilter filter_;
};

Result<spdlog::level::level_enum> level_of(std::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  if (parsed != spdlog::level::off || level == "off") return parsed;
  return input_error("bad_level", fmt::format("'{}' is not a log level; use trace, debug, info, "
                                              "warn, error or off",
                                              level));
}

using Level = spdlog::level::level_enum;

// All loggers share one sink, so that repeats are counted together.
class Loggers {
 public:
  void begin(std::string_view program, bool journal) {
    sink_->begin(program, journal);
    spdlog::set_default_logger(made(""));
  }

  void set_levels(Level level, std::map<std::string, Level, std::less<>> own) {
    const std::lock_guard lock(mutex_);
    level_ = level;
    own_levels_ = std::move(own);
    spdlog::default_logger()->set_level(level);
    for (auto& [module, logger] : modules_) logger->set_level(level_of_module(module));
  }

  spdlog::logger& of(std::string_view module) {
    const std::lock_guard lock(mutex_);
    auto found = modules_.find(module);
    if (found == modules_.end()) {
      found = modules_.emplace(module, made(fmt::format("/{}", module))).first;
      found->second->set_level(level_of_module(module));
    }
    return *found->second;
  }

 private:
  std::shared_ptr<spdlog::logger> made(std::string name) const {
    auto logger = std::make_shared<spdlog::logger>(std::move(name), sink_);
    logger->flush_on(Level::info);
    return logger;
  }

  Level level_of_module(std::string_view module) const {
    const auto own = own_levels_.find(module);
    return own == own_levels_.end() ? level_ : own->second;
  }

  const std::shared_ptr<OperatorSink> sink_ = std::make_shared<OperatorSink>();
  std::mutex mutex_;
  // guarded by mutex_
  Level level_ = Level::info;
  std::map<std::string, Level, std::less<>> own_levels_;
  std::map<std::string, std::shared_ptr<spdlog::logger>, std::less<>> modules_;
};

// Never destroyed, because threads may log until the program ends.
Loggers& loggers() {
  static auto* const all = new Loggers;
  return *all;
}

}  // namespace

Status start_logging(std::string_view program, std::string_view level,
                     const ModuleLevels& modules) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read once, at start
  loggers().begin(program, stderr_is_journal(std::getenv("JOURNAL_STREAM")));
  return set_log_level(level, modules);
}

Status set_log_level(std::string_view level, const ModuleLevels& modules) {
  MAITRED_ASSIGN(const auto parsed, level_of(level));
  std::map<std::string, Level, std::less<>> own;
  for (const auto& [module, word] : modules) {
    MAITRED_ASSIGN(own[module], level_of(word));
  }
  loggers().set_levels(parsed, std::move(own));
  return {};
}

spdlog::logger& module_logger(std::string_view module) { return loggers().of(module); }

LogCounts log_counts() { return {warnings_logged, errors_logged}; }

}  // namespace maitred
