// The machine: processor, memory, disk, clock. The judging functions are pure; look_at_box reads
// the facts. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "maitred/base/time.h"
#include "maitred/ctl/doctor/finding.h"

namespace maitred {

// `cpuinfo` as in /proc/cpuinfo; `usable` processors of this process.
Finding judge_processor(std::string_view cpuinfo, unsigned usable, std::size_t cameras);

// `meminfo` as in /proc/meminfo. An eye takes about 300 MiB.
Findings judge_memory(std::string_view meminfo, std::size_t cameras);

struct DiskFacts {
  std::filesystem::path folder;
  std::uint64_t free_bytes = 0;  // for ordinary users
  std::uint64_t free_files = 0;  // 0 with total_files 0: the file system does not count them
  std::uint64_t total_files = 0;
  bool read_only = false;
};
Finding judge_disk(const DiskFacts& disk);

struct ClockFacts {
  WallTime now{};
  bool synchronised = false;  // as the kernel knows
};
Finding judge_clock(const ClockFacts& clock);

// All of them, as they are on this machine. `store_folder` may be missing: its nearest existing
// parent counts.
Findings look_at_box(const std::filesystem::path& store_folder, std::size_t cameras);

}  // namespace maitred
