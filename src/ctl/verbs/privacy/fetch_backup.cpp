#include "fetch_backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "maitred/base/file.h"

namespace maitred {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
using Block = std::vector<std::uint8_t>;

// Reads up to a whole block; returns 0 at the end or if it cannot be read.
std::size_t read_block(int fd, std::uint64_t offset, Block& block) {
  std::size_t got = 0;
  while (got < block.size()) {
    const ssize_t step =
        ::pread(fd, block.data() + got, block.size() - got, static_cast<off_t>(offset + got));
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) break;
    got += static_cast<std::size_t>(step);
  }
  return got;
}

bool write_block(int fd, std::uint64_t offset, const Block& block, std::size_t count) {
  for (std::size_t done = 0; done < count;) {
    const ssize_t step =
        ::pwrite(fd, block.data() + done, count - done, static_cast<off_t>(offset + done));
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return false;
    done += static_cast<std::size_t>(step);
  }
  return true;
}

// True for a regular file of our own that has no other name.
UniqueFd open_part(const std::filesystem::path& part) {
  UniqueFd fd(::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat found {};
  if (fd && ::fstat(fd.get(), &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink == 1 &&
      found.st_uid == ::geteuid() && ::fchmod(fd.get(), 0600) == 0) {
    return fd;
  }
  ::unlink(part.c_str());
  return UniqueFd(::open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

// Returns the end of the last block that is the same in both files.
std::uint64_t same_bytes(int staged, int part) {
  Block wanted(kBlockBytes);
  Block found(kBlockBytes);
  for (std::uint64_t offset = 0;;) {
    const std::size_t count = read_block(staged, offset, wanted);
    if (count == 0 || read_block(part, offset, found) < count ||
        !std::equal(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(count),
                    found.begin())) {
      return offset;
    }
    offset += count;
  }
}

}  // namespace

Status fetch_part(const std::filesystem::path& staged, const std::filesystem::path& part,
                  const Session::Progress& progress) {
  const auto failed = [&] {
    const int error = errno;
    if (error == ENOSPC || error == EDQUOT) ::unlink(part.c_str());
    return environment_error("backup_failed", fmt::format("cannot write the backup {}: {}",
                                                          part.string(), std::strerror(error)));
  };
  const UniqueFd from(::open(staged.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat whole {};
  if (!from || ::fstat(from.get(), &whole) != 0) {
    return environment_error(
        "backup_failed", fmt::format("cannot read {}: {}", staged.string(), std::strerror(errno)));
  }
  const auto size = static_cast<std::uint64_t>(whole.st_size);
  const UniqueFd to = open_part(part);
  if (!to) return failed();
  std::uint64_t offset = same_bytes(from.get(), to.get());
  if (::ftruncate(to.get(), static_cast<off_t>(offset)) != 0) return failed();
  Block block(kBlockBytes);
  while (offset < size) {
    const std::size_t count = read_block(from.get(), offset, block);
    if (count == 0 || !write_block(to.get(), offset, block, count)) return failed();
    offset += count;
    progress(offset, size);
  }
  if (::fsync(to.get()) != 0) return failed();
  if (same_bytes(from.get(), to.get()) == size) return {};
  return environment_error(
      "backup_failed",
      fmt::format("{} does not read as it was written: the disk is bad", part.string()));
}

}  // namespace maitred
