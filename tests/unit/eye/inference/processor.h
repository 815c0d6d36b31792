// The features of this processor as Linux lists them. Tests decide by it which loops must run here,
// so a loop that wrongly refuses the processor fails its test instead of skipping it.
#pragma once

#include <fstream>
#include <initializer_list>
#include <set>
#include <sstream>
#include <string>

namespace maitred::inference::testing {

// True if /proc/cpuinfo lists every one of the flags and the compiler builds the wide loops.
inline bool processor_has(std::initializer_list<const char*> flags) {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line) && line.rfind("flags", 0) != 0) {
  }
  std::istringstream words(line);
  std::set<std::string> listed;
  for (std::string word; words >> word;) listed.insert(word);
  for (const char* const flag : flags) {
    if (listed.count(flag) == 0) return false;
  }
  return true;
#else
  (void)flags;
  return false;
#endif
}

inline bool processor_has_avx512() {
  return processor_has({"avx512f", "avx512bw", "avx512vl", "avx512dq"});
}

}  // namespace maitred::inference::testing
