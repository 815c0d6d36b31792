#include "unfinished_backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "backup_stream.h"
#include "maitred/base/file.h"

namespace maitred {
namespace {

constexpr std::size_t kFixedBytes = kKeyBytes + 2 * sizeof(Digest);
constexpr std::size_t kLongestPartPath = 4096;
constexpr std::size_t kLongestUnfinished = kFixedBytes + kLongestPartPath + 256;  // sealed
constexpr std::uint64_t kLongestHead = 1 << 20;

Place note_place() { return {kBackupTable, "unfinished"}; }

void remove_part(const std::filesystem::path& part, const Vault& vault) {
  const auto source = BackupSource::open(part);
  if (!source || source->head().store != vault.store_id()) return;
  // The key slots in its head open it, so without the head nothing does. The rest may be large.
  const UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  std::error_code ignored;
  const auto size = std::filesystem::file_size(part, ignored);
  if (fd && !ignored) {
    static_cast<void>(overwrite_range(fd, 0, std::min<std::uint64_t>(size, kLongestHead)));
  }
  ::unlink(part.c_str());
}

}  // namespace

ClearBytes encode_unfinished(const UnfinishedBackup& backup) {
  ClearBytes bytes;
  const std::string part = backup.part.string();
  bytes.reserve(kFixedBytes + part.size());
  const auto append = [&bytes](const auto& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  append(backup.key.span());
  append(backup.head);
  append(backup.copy);
  append(part);
  return bytes;
}

std::optional<UnfinishedBackup> decode_unfinished(ByteView bytes) {
  if (bytes.size() <= kFixedBytes || bytes.size() > kFixedBytes + kLongestPartPath) {
    return std::nullopt;
  }
  UnfinishedBackup backup;
  std::memcpy(backup.key.data(), bytes.data(), kKeyBytes);
  std::memcpy(backup.head.data(), bytes.data() + kKeyBytes, sizeof(Digest));
  std::memcpy(backup.copy.data(), bytes.data() + kKeyBytes + sizeof(Digest), sizeof(Digest));
  const ByteView part = bytes.subspan(kFixedBytes);
  backup.part = std::string(part.begin(), part.end());
  const bool a_path =
      backup.part.is_absolute() && backup.part.native().find('\0') == std::string::npos;
  return a_path ? std::optional(std::move(backup)) : std::nullopt;
}

std::filesystem::path unfinished_file(const std::filesystem::path& store) {
  return store.string() + ".unfinished";
}

Status note_unfinished(const Vault& vault, const UnfinishedBackup& backup) {
  const auto before = read_unfinished(vault);
  if (before && before->part != backup.part) remove_part(before->part, vault);
  const Bytes sealed = vault.seal(Purpose::kBackup, note_place(), encode_unfinished(backup));
  return write_file(unfinished_file(vault.path()), sealed, 0600);
}

std::optional<UnfinishedBackup> read_unfinished(const Vault& vault) {
  const auto sealed = read_file(unfinished_file(vault.path()), kLongestUnfinished);
  if (!sealed) return std::nullopt;
  const auto clear = vault.open(Purpose::kBackup, note_place(), *sealed);
  return clear ? decode_unfinished(*clear) : std::nullopt;
}

void drop_unfinished(const Vault& vault) {
  const auto known = read_unfinished(vault);
  if (known) remove_part(known->part, vault);
  for (const char* tail : {"", ".new"}) {
    erase_file(unfinished_file(vault.path()).string() + tail);
  }
}

}  // namespace maitred
