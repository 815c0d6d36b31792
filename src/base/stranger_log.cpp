#include "maitred/base/stranger_log.h"

#include <mutex>

#include "maitred/base/repeat_filter.h"

namespace maitred {

void log_stranger(spdlog::logger& to, spdlog::level::level_enum level, std::string_view kind,
                  std::string_view text) {
  static std::mutex mutex;
  static RepeatFilter filter;  // guarded by mutex
  RepeatFilter::Decision decision;
  {
    const std::lock_guard lock(mutex);
    decision = filter.judge(kind, std::chrono::steady_clock::now());
  }
  if (!decision.say) return;
  if (decision.kept_back == 0) return to.log(level, "{}", text);
  to.log(level, "{} (and {} like it before)", text, decision.kept_back);
}

}  // namespace maitred
