// Checks the machine: processor, memory, disk, clock, and what its kernel can confine. The judge_
// functions are pure; look_at_box reads the facts. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "maitred/base/time.h"
#include "maitred/ctl/doctor/finding.h"

namespace maitred {

// `cpuinfo` is the text of /proc/cpuinfo. `usable` is the number of processors this process may
// use.
Finding judge_processor(std::string_view cpuinfo, unsigned usable, std::size_t cameras);

// `meminfo` is the text of /proc/meminfo. An eye needs about 300 MiB.
Findings judge_memory(std::string_view meminfo, std::size_t cameras);

struct DiskFacts {
  std::filesystem::path folder;
  std::uint64_t free_bytes = 0;   // for ordinary users
  std::uint64_t free_files = 0;   // meaningless if total_files is 0
  std::uint64_t total_files = 0;  // 0 if the file system does not count files
  bool read_only = false;
};
Finding judge_disk(const DiskFacts& disk);

struct ClockFacts {
  WallTime now{};
  bool synchronised = false;  // according to the kernel
};
Finding judge_clock(const ClockFacts& clock);

// `landlock` is the version that the kernel offers, below 1 for none.
Finding judge_confinement(long landlock, bool seccomp);

// Runs all of these checks on this machine. If `store_folder` does not exist, the disk of its
// nearest existing parent is checked.
Findings look_at_box(const std::filesystem::path& store_folder, std::size_t cameras);

}  // namespace maitred
