// Keeps a fault that repeats itself from filling the log. Pure; time comes in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "maitred/base/time.h"

namespace maitred {

// Of the same text, a few are let through in each window; the rest are counted, and the count is
// told with the first of a later window. Remembers a bounded number of texts. Thread-compatible.
class RepeatFilter {
 public:
  static constexpr Milliseconds kWindow{10'000};
  static constexpr std::uint64_t kPerWindow = 5;
  static constexpr std::size_t kMostTexts = 256;

  struct Decision {
    bool say = true;
    std::uint64_t kept_back = 0;  // since it was last said
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
