#include "maitred/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "maitred/base/check.h"

namespace maitred {
namespace {

std::string why() { return std::strerror(errno); }

Result<UniqueFd> open_regular(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    const auto* code = errno == ENOENT ? "file_missing" : "file_unreadable";
    return input_error(code, fmt::format("cannot read {}: {}", path.string(), why()));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return input_error("file_unreadable", fmt::format("{} is not a regular file", path.string()));
  }
  return fd;
}

// Calls `consume(span)` for each block until the end of the file.
template <class Consume>
Status read_blocks(const UniqueFd& fd, const std::filesystem::path& path, Consume consume) {
  std::array<std::uint8_t, 65536> block{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return input_error("file_unreadable",
                         fmt::format("cannot read {}: {}", path.string(), why()));
    }
    if (got == 0) return {};
    MAITRED_TRY(consume(std::span(block.data(), static_cast<std::size_t>(got))));
  }
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path,
                                            std::size_t limit_bytes) {
  MAITRED_ASSIGN(const UniqueFd fd, open_regular(path));
  std::vector<std::uint8_t> bytes;
  MAITRED_TRY(read_blocks(fd, path, [&](std::span<const std::uint8_t> block) -> Status {
    if (bytes.size() + block.size() > limit_bytes) {
      return input_error("file_too_large", fmt::format("{} is larger than the limit of {} bytes",
                                                       path.string(), limit_bytes));
    }
    bytes.insert(bytes.end(), block.begin(), block.end());
    return {};
  }));
  return bytes;
}

Status write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                  unsigned mode) {
  const std::filesystem::path beside = path.string() + ".new";
  const auto failed = [&] {
    auto error = environment_error("file_unwritable",
                                   fmt::format("cannot write {}: {}", path.string(), why()));
    ::unlink(beside.c_str());
    return error;
  };
  // A file that a crash left may have other rights or be a link.
  ::unlink(beside.c_str());
  {
    UniqueFd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd) return failed();
    std::size_t written = 0;
    while (written < bytes.size()) {
      const ssize_t step = ::write(fd.get(), bytes.data() + written, bytes.size() - written);
      if (step < 0 && errno == EINTR) continue;
      if (step < 0) return failed();
      written += static_cast<std::size_t>(step);
    }
    if (::fsync(fd.get()) != 0) return failed();
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed();
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  UniqueFd folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_fd || ::fsync(folder_fd.get()) != 0) return failed();
  return {};
}

std::optional<FileIdentity> identity_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{static_cast<std::uint64_t>(status.st_dev),
                      static_cast<std::uint64_t>(status.st_ino)};
}

Status overwrite_range(const UniqueFd& fd, std::uint64_t from, std::uint64_t to) {
  static constexpr std::array<std::uint8_t, 65536> kZeros{};
  while (from < to) {
    const auto count = std::min<std::uint64_t>(to - from, kZeros.size());
    const ssize_t step = ::pwrite(fd.get(), kZeros.data(), count, static_cast<off_t>(from));
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return environment_error("file_unwritable", "cannot overwrite a file: " + why());
    from += static_cast<std::uint64_t>(step);
  }
  if (::fdatasync(fd.get()) == 0) return {};
  return environment_error("file_unwritable", "cannot overwrite a file: " + why());
}

Status overwrite_file(const std::filesystem::path& path) {
  constexpr std::uint64_t kFirstBlock = 4096;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return {};
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    return environment_error("file_unwritable",
                             fmt::format("cannot overwrite {}: {}", path.string(), why()));
  }
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1) return {};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  MAITRED_TRY(overwrite_range(fd, 0, std::min(size, kFirstBlock)));
  return size > kFirstBlock ? overwrite_range(fd, kFirstBlock, size) : Status{};
}

void erase_file(const std::filesystem::path& path) {
  static_cast<void>(overwrite_file(path));
  ::unlink(path.c_str());
}

Result<std::string> sha256_of_file(const std::filesystem::path& path) {
  MAITRED_ASSIGN(const UniqueFd fd, open_regular(path));
  // OpenSSL's SHA-256 is several times faster than libsodium's on processors with SHA instructions.
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> state(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  MAITRED_CHECK(state && EVP_DigestInit_ex(state.get(), EVP_sha256(), nullptr) == 1);
  MAITRED_TRY(read_blocks(fd, path, [&](std::span<const std::uint8_t> block) -> Status {
    EVP_DigestUpdate(state.get(), block.data(), block.size());
    return {};
  }));
  std::array<std::uint8_t, 32> digest{};
  EVP_DigestFinal_ex(state.get(), digest.data(), nullptr);
  return to_hex(digest);
}

std::filesystem::path program_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::string fingerprint(std::string_view text) {
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  return to_hex(hash);
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

Result<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  std::vector<std::uint8_t> bytes(text.size() / 4 * 3 + 3);
  std::size_t length = 0;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length,
                        nullptr, sodium_base64_VARIANT_ORIGINAL) != 0) {
    return input_error("bad_base64", "a field is not base64");
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace maitred
