// The format of a backup file, version 2:
//   "MAITREDB", version (4 bytes, little endian), length of the head (4 bytes), the head as JSON,
//   the head of a secretstream (24 bytes), then frames: length (4 bytes), that many sealed bytes.
// The head holds no personal data: store, time, the public key of the store's signature, and slots
// (key_slots.h) with the backup's key and their certificates for that signature. The
// frames are libsodium's XChaCha20-Poly1305 secretstream. The first is bound to all bytes before it
// and holds a BackupSecrets; the next ones hold the database file; the last one is marked and holds
// the signature (backup_trust.h). Version 1 had no signature: its last frame is of the database.
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
inline constexpr std::uint32_t kBackupVersion = 2;
inline constexpr std::string_view kBackupTable = "backup_slots";

struct BackupHead {
  std::string store;  // id
  WallTime made{};
  int schema = 0;
  std::vector<SlotRecord> slots;
  Bytes for_store;  // the backup's key, sealed under a subkey of the store's seed; or empty
  Bytes signer;     // Ed25519 public key; empty in version 1
  std::uint32_t version = kBackupVersion;  // stands before the head
};

// Returns prelude and head.
Bytes encode_backup_head(const BackupHead& head);

struct BackupPrelude {
  std::uint32_t version = 0;
  std::size_t head_bytes = 0;
};
// Error: backup_invalid (kInput), which names a newer version.
Result<BackupPrelude> read_backup_prelude(ByteView prelude);
// Error: backup_invalid.
Result<BackupHead> decode_backup_head(ByteView json, std::uint32_t version);

// Content of the first frame.
struct BackupSecrets {
  SecretBytes root{kKeyBytes};
  std::uint64_t database_bytes = 0;
};
ClearBytes encode_backup_secrets(const BackupSecrets& secrets);
std::optional<BackupSecrets> decode_backup_secrets(ByteView bytes);

}  // namespace maitred
