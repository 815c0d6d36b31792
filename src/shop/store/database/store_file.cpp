#include "store_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

namespace maitred {
namespace {

tl::unexpected<Error> failed(std::string_view what, const std::filesystem::path& path) {
  return environment_error(
      "store_failed", fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// The process id in the lock file, or 0.
int holder(const UniqueFd& lock) {
  std::array<char, 16> text{};
  const ssize_t got = ::pread(lock.get(), text.data(), text.size(), 0);
  int pid = 0;
  if (got > 0) std::from_chars(text.data(), text.data() + got, pid);
  return pid;
}

std::string name_of(int pid) {
  const auto name = read_file(fmt::format("/proc/{}/comm", pid), 64);
  if (!name || name->empty()) return fmt::format("process {}", pid);
  const std::string text(name->begin(), name->end() - 1);
  return fmt::format("{} (process {})", text, pid);
}

// What SQLite may keep beside a database.
constexpr std::array<const char*, 3> kSqliteTails = {"-wal", "-shm", "-journal"};

std::filesystem::path replaced_file(const std::filesystem::path& path) {
  return path.string() + ".replaced";
}

}  // namespace

Result<UniqueFd> lock_store(const std::filesystem::path& path) {
  const std::filesystem::path file = path.string() + ".lock";
  UniqueFd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return failed("open the lock", file);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("lock", file);
    const int pid = holder(lock);
    return environment_error(
        "store_locked", fmt::format("{} is in use by {}: stop that program, or use it for this",
                                    path.string(), pid > 0 ? name_of(pid) : "another process"));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
    return failed("write the lock", file);
  }
  return lock;
}

Status check_header(const std::filesystem::path& path) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr std::string_view kApplication("MITD", 4);
  constexpr std::size_t kApplicationOffset = 68;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) {
    return environment_error(
        "store_missing",
        fmt::format("there is no store at {}: create one with maitredctl init", path.string()));
  }
  if (!fd) return failed("open", path);
  std::array<char, 100> header{};
  const ssize_t got = ::pread(fd.get(), header.data(), header.size(), 0);
  const std::string_view text(header.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
  if (text.size() == header.size() && text.starts_with(kMagic) &&
      text.substr(kApplicationOffset, kApplication.size()) == kApplication) {
    return {};
  }
  return environment_error(
      "store_corrupt",
      fmt::format("{} is damaged or is not a store of maitred: check the path, or restore it from "
                  "a backup",
                  path.string()));
}

Status check_modes(const std::filesystem::path& path) {
  for (const char* tail : kStoreTails) {
    const std::filesystem::path file = path.string() + tail;
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) continue;
    return environment_error(
        "store_exposed",
        fmt::format("other users may write {0} (mode {1:04o}): find out why, then: chmod 600 {0}",
                    file.string(), status.st_mode & 07777U));
  }
  return {};
}

Status make_folder(const std::filesystem::path& path) {
  std::error_code code;
  const std::filesystem::path folder = folder_of(path);
  if (std::filesystem::create_directories(folder, code)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, code);
  }
  if (!code) return {};
  return environment_error("store_failed", fmt::format("cannot make the folder {}: {}",
                                                       folder.string(), code.message()));
}

void erase_database(const std::filesystem::path& path) {
  for (const char* tail : kSqliteTails) erase_file(path.string() + tail);
  erase_file(path);
}

Result<std::filesystem::path> begin_file(const std::filesystem::path& path) {
  const std::filesystem::path built = path.string() + ".creating";
  erase_database(built);
  // SQLite would take the log of a deleted store for the log of the new one.
  for (const char* tail : kSqliteTails) erase_file(path.string() + tail);
  const UniqueFd fd(::open(built.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return failed("make", built);
  return built;
}

Status finish_file(const std::filesystem::path& built, const std::filesystem::path& path) {
  const UniqueFd file(::open(built.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) return failed("write", built);
  if (::rename(built.c_str(), path.c_str()) != 0) return failed("make", path);
  const UniqueFd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return failed("write the folder of", path);
  return {};
}

Status replace_file(const std::filesystem::path& built, const std::filesystem::path& path) {
  // The second name keeps the replaced store within reach, also after a crash.
  const std::filesystem::path replaced = replaced_file(path);
  erase_file(replaced);
  const bool kept = ::link(path.c_str(), replaced.c_str()) == 0;
  MAITRED_TRY(finish_file(built, path));
  if (kept) erase_file(replaced);
  return {};
}

void remove_leftovers(const std::filesystem::path& path) {
  for (const char* name : {".backing-up", ".restoring"}) erase_database(path.string() + name);
  erase_file(replaced_file(path));
}

}  // namespace maitred
