// The format of a backup file, version 1:
//   "MAITREDB", version (4 bytes, little endian), length of the head (4 bytes), the head as JSON,
//   the head of a secretstream (24 bytes), then frames: length (4 bytes), that many sealed bytes.
// The head holds no personal data: store, time, and slots (key_slots.h) with the backup's key. The
// frames are libsodium's XChaCha20-Poly1305 secretstream. The first is bound to all bytes before it
// and holds a BackupSecrets; the next ones hold the database file; the last one is marked.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "src/shop/store/keys/key_slots.h"
#include "src/shop/store/keys/sealing.h"

namespace maitred {

inline constexpr std::size_t kBackupPreludeBytes = 16;
inline constexpr std::size_t kBackupChunkBytes = std::size_t{64} << 10;
inline constexpr std::size_t kLongestBackupHead = std::size_t{64} << 10;
inline constexpr std::string_view kBackupTable = "backup_slots";

struct BackupHead {
  std::string store;  // id
  WallTime made{};
  int schema = 0;
  std::vector<SlotRecord> slots;
  Bytes for_store;  // the backup's key, sealed under a subkey that survives key rotation; or empty
};

// Returns prelude and head.
Bytes encode_backup_head(const BackupHead& head);

// Returns the length of the head after the prelude. Error: backup_invalid (kInput), which names a
// newer version.
Result<std::size_t> read_backup_prelude(ByteView prelude);
// Error: backup_invalid.
Result<BackupHead> decode_backup_head(ByteView json);

// Content of the first frame.
struct BackupSecrets {
  SecretBytes root{kKeyBytes};
  std::uint64_t database_bytes = 0;
};
ClearBytes encode_backup_secrets(const BackupSecrets& secrets);
std::optional<BackupSecrets> decode_backup_secrets(ByteView bytes);

}  // namespace maitred
