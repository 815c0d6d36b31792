// Slows down guessing of tokens. Pure; time is an argument.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "maitred/base/time.h"

namespace maitred {

// Counts wrong tokens by address, each for a minute. The number of addresses is bounded; the oldest
// is dropped. Thread-compatible.
class AuthFailures {
 public:
  static constexpr int kFree = 3;  // mistakes that are answered without a delay
  static constexpr Milliseconds kWindow = std::chrono::seconds(60);
  static constexpr Milliseconds kLongest = std::chrono::seconds(8);
  static constexpr std::size_t kAddresses = 4096;

  // Counts a wrong token and returns the delay of its answer: 0 for the first three, then 0.5 s, 1
  // s, 2 s, 4 s, 8 s, 8 s, ...
  Milliseconds note(const std::string& address, Timestamp now) {
    forget(now);
    Entry& entry = entries_[address];
    entry.last = now;
    const int over = ++entry.count - kFree;
    if (over <= 0) return Milliseconds{0};
    return std::min(kLongest, Milliseconds{500} * (1 << std::min(over - 1, 10)));
  }
  int count(const std::string& address) const {
    const auto found = entries_.find(address);
    return found == entries_.end() ? 0 : found->second.count;
  }

 private:
  struct Entry {
    int count = 0;
    Timestamp last{};
  };

  void forget(Timestamp now) {
    std::erase_if(entries_, [&](const auto& one) { return now - one.second.last > kWindow; });
    if (entries_.size() < kAddresses) return;
    entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](auto& a, auto& b) {
      return a.second.last < b.second.last;
    }));
  }

  std::map<std::string, Entry> entries_;
};

}  // namespace maitred
