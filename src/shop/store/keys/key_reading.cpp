// Reads key files, credentials and passphrases.
#include "key_reading.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "maitred/base/file.h"
#include "sealing.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestKeyFile = 2 * kKeyBytes + 2;
// Maximum cost that a slot may ask for, so that a damaged slot cannot exhaust the machine.
constexpr std::uint64_t kMostMemory = 2ULL << 30;
constexpr std::uint64_t kMostOperations = 64;

std::filesystem::path file_of(const KeyAccess& access) {
  return access.source.kind == KeyKind::kCredential
             ? access.credentials_folder / access.source.where
             : std::filesystem::path(access.source.where);
}

Status check_permissions(const KeyAccess& access, const struct stat& status) {
  const std::string file = file_of(access).string();
  if (!S_ISREG(status.st_mode)) {
    return environment_error("key_invalid",
                             fmt::format("{} is not a regular file: give a key file", file));
  }
  // systemd protects credentials by access lists, which show up as group bits.
  if (access.source.kind == KeyKind::kCredential) return {};
  if ((status.st_mode & 0077) != 0) {
    return environment_error(
        "key_permissions",
        fmt::format("others may read the key file {}: run chmod 600 on it", file));
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return environment_error("key_permissions",
                             fmt::format("the key file {} belongs to another user (uid {}): chown "
                                         "it to the user who runs maitred",
                                         file, status.st_uid));
  }
  return {};
}

Result<SecretBytes> decode_key(const KeyAccess& access, ByteView content) {
  if (content.size() == kKeyBytes) return SecretBytes::copy_of(content);
  if (!content.empty() && content.back() == '\n') content = content.first(content.size() - 1);
  SecretBytes key(kKeyBytes);
  std::size_t length = 0;
  if (content.size() == 2 * kKeyBytes &&
      sodium_hex2bin(key.data(), key.size(), reinterpret_cast<const char*>(content.data()),
                     content.size(), nullptr, &length, nullptr) == 0 &&
      length == kKeyBytes) {
    return key;
  }
  return environment_error("key_invalid",
                           fmt::format("{} holds no key (32 bytes, or 64 hexadecimal digits): "
                                       "restore it from its backup",
                                       describe(access.source)));
}

}  // namespace

std::string_view key_kind_word(KeyKind kind) {
  switch (kind) {
    case KeyKind::kFile:
      return "file";
    case KeyKind::kCredential:
      return "credential";
    case KeyKind::kPassphrase:
      return "passphrase";
    case KeyKind::kPublic:
      return "public";
  }
  return "";
}

Result<SecretBytes> read_key_file(const KeyAccess& access) {
  if (access.source.kind == KeyKind::kPublic) {
    return environment_error(
        "key_invalid", "a public key opens nothing: give the secret key file that it belongs to");
  }
  const std::string file = file_of(access).string();
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return environment_error(
        missing ? "key_missing" : "key_permissions",
        missing ? fmt::format("{} is missing: restore it from its backup, or run maitredctl init "
                              "for a new store",
                              describe(access.source))
                : fmt::format("cannot read the key file {}: {}", file, std::strerror(errno)));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return environment_error("key_permissions",
                             fmt::format("cannot read {}: {}", file, std::strerror(errno)));
  }
  MAITRED_TRY(check_permissions(access, status));
  SecretBytes content(kLongestKeyFile);
  const ssize_t got = ::read(fd.get(), content.data(), content.size());
  return decode_key(access, content.span().first(got < 0 ? 0 : static_cast<std::size_t>(got)));
}

Result<SecretBytes> stretch(const KeyAccess& access, const Stretching& argon) {
  if (access.passphrase.empty()) {
    return environment_error("key_missing", "the store needs its passphrase: give it");
  }
  SecretBytes key(kKeyBytes);
  if (argon.salt.size() != crypto_pwhash_SALTBYTES || argon.memory_bytes > kMostMemory ||
      argon.operations > kMostOperations ||
      crypto_pwhash(key.data(), key.size(), reinterpret_cast<const char*>(access.passphrase.data()),
                    access.passphrase.size(), argon.salt.data(), argon.operations,
                    static_cast<std::size_t>(argon.memory_bytes),
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return environment_error(
        "key_invalid", fmt::format("the passphrase cannot be used: it takes {} MiB of free memory",
                                   argon.memory_bytes >> 20));
  }
  return key;
}

Result<KeySource> KeySource::parse(std::string_view text) {
  const auto rest_after = [&](std::string_view prefix) -> std::optional<std::string> {
    if (!text.starts_with(prefix) || text.size() == prefix.size()) return std::nullopt;
    return std::string(text.substr(prefix.size()));
  };
  if (auto path = rest_after("file:")) return KeySource{KeyKind::kFile, *path};
  if (text == "passphrase") return KeySource{KeyKind::kPassphrase, ""};
  const auto name = rest_after("credential:");
  if (name && name->find('/') == std::string::npos && *name != "." && *name != "..") {
    return KeySource{KeyKind::kCredential, *name};
  }
  return input_error(
      "key_source_invalid",
      "the store's key must be \"file:PATH\", \"credential:NAME\" or \"passphrase\"");
}

std::string describe(const KeySource& source) {
  switch (source.kind) {
    case KeyKind::kFile:
      return "the key file " + source.where;
    case KeyKind::kCredential:
      return "the credential " + source.where;
    case KeyKind::kPublic:
      return "the public key " + source.where;
    case KeyKind::kPassphrase:
      break;
  }
  return "the passphrase";
}

Result<bool> provide_key(const KeyAccess& access) {
  if (access.source.kind == KeyKind::kPublic) return false;
  if (access.source.kind == KeyKind::kPassphrase) {
    if (!access.passphrase.empty()) return false;
    return environment_error("key_missing", "the new store needs a passphrase: give one");
  }
  const auto present = read_key_file(access);
  if (present) return false;
  if (access.source.kind != KeyKind::kFile || present.error().code != "key_missing") {
    return tl::unexpected(present.error());
  }
  const std::filesystem::path folder = file_of(access).parent_path();
  std::error_code failed;
  if (!folder.empty() && std::filesystem::create_directories(folder, failed)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  }
  const SecretBytes key = SecretBytes::random(kKeyBytes);
  MAITRED_TRY(write_file(file_of(access), key.span(), 0600));
  return true;
}

}  // namespace maitred
