#include "maitred/ctl/doctor/box.h"

#include <fmt/format.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>

namespace maitred {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kEyeMemory_MiB = 300;
constexpr std::uint64_t kCoreMemory_MiB = 200;

// Returns the value of "key   : value" or "key: value"; empty if the key is missing.
std::string_view value_of(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    if (at != 0 && text[at - 1] != '\n') continue;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos ||
        line.substr(key.size(), colon - key.size()).find_first_not_of(" \t") !=
            std::string_view::npos) {
      continue;
    }
    line.remove_prefix(colon + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
  }
  return {};
}

bool has_word(std::string_view words, std::string_view wanted) {
  const std::string padded = fmt::format(" {} ", words);
  return padded.find(fmt::format(" {} ", wanted)) != std::string::npos;
}

std::optional<std::uint64_t> mebibytes(std::string_view meminfo, std::string_view key) {
  const std::string_view text = value_of(meminfo, key);
  std::uint64_t kibibytes = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), kibibytes);
  if (error != std::errc{} || rest == text.data()) return std::nullopt;
  return kibibytes / 1024;
}

std::string slurp(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

unsigned usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

DiskFacts disk_of(std::filesystem::path folder) {
  std::error_code ignored;
  while (!folder.empty() && folder.has_parent_path() && folder != folder.parent_path() &&
         !std::filesystem::exists(folder, ignored)) {
    folder = folder.parent_path();
  }
  DiskFacts facts;
  facts.folder = folder.empty() ? "." : folder;
  struct statvfs about {};
  if (::statvfs(facts.folder.c_str(), &about) != 0) return facts;
  facts.free_bytes = std::uint64_t{about.f_bavail} * about.f_frsize;
  facts.free_files = about.f_favail;
  facts.total_files = about.f_files;
  facts.read_only = (about.f_flag & ST_RDONLY) != 0;
  return facts;
}

ClockFacts clock_now() {
  ClockFacts facts;
  facts.now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  timex state{};
  facts.synchronised = ::adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return facts;
}

}  // namespace

Finding judge_processor(std::string_view cpuinfo, unsigned usable, std::size_t cameras) {
  const std::string_view flags = value_of(cpuinfo, "flags");
  if (!has_word(flags, "sse4_1")) {
    return fault("processor", "the processor lacks SSE4.1, which the models require",
                 "run maitred on a 64-bit x86 machine made after 2008");
  }
  const char* vectors = has_word(flags, "avx512f") ? "AVX-512"
                        : has_word(flags, "avx2")  ? "AVX2"
                                                   : "SSE4.1";
  const std::string what = fmt::format("{} usable cores, {}", usable, vectors);
  if (!has_word(flags, "avx2")) {
    return advice("processor", what + " only: recognition is several times slower than with AVX2",
                  "set a lower fps for each camera, or use a machine with AVX2");
  }
  if (cameras > usable) {
    return advice("processor",
                  fmt::format("{}, for {} cameras: frames will be dropped", what, cameras),
                  "set a lower fps for each camera, or use a machine with one core per camera");
  }
  return good("processor", what);
}

Findings judge_memory(std::string_view meminfo, std::size_t cameras) {
  Findings findings;
  const auto available = mebibytes(meminfo, "MemAvailable");
  const std::uint64_t wanted = kCoreMemory_MiB + kEyeMemory_MiB * cameras;
  if (!available) {
    findings.push_back(
        advice("memory", "the kernel does not report available memory", "check it with: free -m"));
  } else if (*available < wanted) {
    findings.push_back(fault(
        "memory",
        fmt::format("{} MiB available; {} cameras need about {} MiB", *available, cameras, wanted),
        "stop other programs, use fewer cameras, or add memory"));
  } else {
    findings.push_back(good("memory", fmt::format("{} MiB available", *available)));
  }
  if (mebibytes(meminfo, "SwapTotal").value_or(0) > 0) {
    findings.push_back(
        advice("swap",
               "swap is on: face templates may be written to disk, unless maitred runs "
               "under its systemd units, which forbid swapping",
               "swapoff -a, and remove swap from /etc/fstab; or encrypt it"));
  }
  return findings;
}

Finding judge_disk(const DiskFacts& disk) {
  const std::string where = disk.folder.string();
  const std::uint64_t free = disk.free_bytes / kMiB;
  if (disk.read_only) {
    return fault("disk", fmt::format("{} is mounted read-only", where),
                 fmt::format("check the kernel log (dmesg), then: mount -o remount,rw {}", where));
  }
  if (free < 200 || (disk.total_files > 0 && disk.free_files < 1000)) {
    return fault("disk",
                 fmt::format("{} has {} MiB and {} free inodes left", where, free, disk.free_files),
                 "free disk space: the daemon stops if the store cannot be written");
  }
  if (free < 1024) {
    return advice("disk", fmt::format("{} has {} MiB left", where, free),
                  "free disk space: the daemon stops if the store cannot be written");
  }
  return good("disk", fmt::format("{} has {} MiB left", where, free));
}

Finding judge_clock(const ClockFacts& clock) {
  using namespace std::chrono;
  if (clock.now < sys_days{year{2026} / January / 1}) {
    return fault("clock", fmt::format("the clock is wrong: it shows {}", format_time(clock.now)),
                 "timedatectl set-ntp true; a machine without a clock battery needs a time server");
  }
  if (!clock.synchronised) {
    return advice(
        "clock",
        "the clock is not synchronised with a time server; visit times and consent expiry "
        "depend on it",
        "timedatectl set-ntp true");
  }
  return good("clock", fmt::format("{}, synchronised with a time server", format_time(clock.now)));
}

Finding judge_confinement(long landlock, bool seccomp) {
  if (landlock >= 1 && seccomp) {
    return good("confinement", fmt::format("Landlock {} and seccomp confine the programs that "
                                           "decode pictures",
                                           landlock));
  }
  return fault("confinement",
               fmt::format("the kernel has no {}: programs that decode pictures from outside are "
                           "not confined, and the services do not start them",
                           landlock >= 1 ? "seccomp" : "Landlock"),
               "use the kernel of Debian 12 or a newer one, and leave landlock in its lsm= option");
}

Findings look_at_box(const std::filesystem::path& store_folder, std::size_t cameras) {
  Findings findings;
  findings.push_back(judge_processor(slurp("/proc/cpuinfo"), usable_processors(), cameras));
  add(findings, judge_memory(slurp("/proc/meminfo"), cameras));
  findings.push_back(judge_disk(disk_of(store_folder)));
  findings.push_back(judge_clock(clock_now()));
  const long landlock =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  findings.push_back(judge_confinement(landlock, ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0));
  return findings;
}

}  // namespace maitred
