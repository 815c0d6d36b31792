// Rate-limits repeated log messages. Pure; time is an argument.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "maitred/base/time.h"

namespace maitred {

// Passes the same text a few times in each window and counts the rest. The count is reported with
// the first text of a later window. Remembers a bounded number of texts. Thread-compatible.
class RepeatFilter {
 public:
  static constexpr Milliseconds kWindow{10'000};
  static constexpr std::uint64_t kPerWindow = 5;
  static constexpr std::size_t kMostTexts = 256;

  struct Decision {
    bool say = true;
    std::uint64_t kept_back = 0;  // repeats that were not passed since the last one that was
  };
  Decision judge(std::string_view text, Timestamp now);

 private:
  struct Entry {
    Timestamp window{};
    std::uint64_t said = 0;
    std::uint64_t kept_back = 0;
  };
  std::map<std::string, Entry, std::less<>> texts_;
};

}  // namespace maitred
