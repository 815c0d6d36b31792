#include "maitred/base/repeat_filter.h"

#include <utility>

namespace maitred {

RepeatFilter::Decision RepeatFilter::judge(std::string_view text, Timestamp now) {
  auto found = texts_.find(text);
  if (found == texts_.end()) {
    if (texts_.size() >= kMostTexts) {
      std::erase_if(texts_, [now](const auto& item) { return now - item.second.window > kWindow; });
    }
    if (texts_.size() >= kMostTexts) texts_.clear();
    found = texts_.emplace(std::string(text), Entry{now, 0, 0}).first;
  }
  Entry& entry = found->second;
  if (now - entry.window > kWindow) {
    entry.window = now;
    entry.said = 0;
  }
  if (entry.said >= kPerWindow) {
    ++entry.kept_back;
    return {false, 0};
  }
  ++entry.said;
  return {true, std::exchange(entry.kept_back, 0)};
}

}  // namespace maitred
