#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "maitred/doors/metrics/shop_metrics.h"

namespace maitred {
namespace {

std::string proc_text(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

// The name in stat may contain blanks, so fields are counted from its end. Source: proc(5).
ProcessFacts process_facts() {
  ProcessFacts facts;
  const std::string stat = proc_text("/proc/self/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return facts;
  std::istringstream fields(stat.substr(name_end + 1));
  const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
  constexpr std::size_t kUser = 11, kSystem = 12, kThreads = 17, kResident = 21;
  if (words.size() <= kResident) return facts;
  const auto number = [&words](std::size_t index) {
    return std::strtod(words[index].c_str(), nullptr);
  };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  facts.cpu_seconds = (number(kUser) + number(kSystem)) / ticks;
  facts.threads = static_cast<std::uint64_t>(number(kThreads));
  facts.resident_bytes =
      static_cast<std::uint64_t>(number(kResident) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  std::error_code failed;
  std::filesystem::directory_iterator files("/proc/self/fd", failed);
  if (!failed) {
    // The descriptor of this very loop does not count.
    facts.open_files = static_cast<std::uint64_t>(std::distance(begin(files), end(files))) - 1;
  }
  return facts;
}

}  // namespace maitred
