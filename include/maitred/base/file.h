// Files and descriptors; every read has a size limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

// Owns one file descriptor. Movable. Thread-compatible.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

// Reads a whole regular file. Errors: file_missing, file_too_large, file_unreadable; all kInput.
Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path,
                                            std::size_t limit_bytes);

// Writes a file beside the target, syncs it, renames it over the target and syncs the folder. The
// file is the old or the new one, never a part. Error: file_unwritable (kEnvironment).
Status write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                  unsigned mode = 0644);

// Tells one file from another: a rename keeps it, and another file under the same name has another.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
// Nothing if there is no such file.
std::optional<FileIdentity> identity_of(const std::filesystem::path& path);

// Overwrites this range of an open file with zeros, durably. Error: file_unwritable (kEnvironment).
Status overwrite_range(const UniqueFd& fd, std::uint64_t from, std::uint64_t to);

// Overwrites a regular file with zeros, durably; its first block first. Does nothing if there is no
// such file, or if it has another name too, because that name may still be in use. Error:
// file_unwritable (kEnvironment).
Status overwrite_file(const std::filesystem::path& path);

// Deletes a file so that its bytes do not stay in the free blocks of the disk. Flash and
// copy-on-write file systems keep them anyway.
void erase_file(const std::filesystem::path& path);

// Lower-case hexadecimal SHA-256 of the file. Errors as read_file, without the size limit.
Result<std::string> sha256_of_file(const std::filesystem::path& path);

// The folder of the running program.
std::filesystem::path program_folder();

std::string to_hex(std::span<const std::uint8_t> bytes);

// 128 bits of BLAKE2b of the text, in hexadecimal, to recognise the text again. Source: libsodium.
std::string fingerprint(std::string_view text);
std::string to_base64(std::span<const std::uint8_t> bytes);
// Decodes base64. Error: bad_base64 (kInput).
Result<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace maitred
