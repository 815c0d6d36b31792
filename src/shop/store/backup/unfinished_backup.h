// The note about an interrupted backup: a file beside the store, sealed by it. With the note, the
// next backup to the same place continues; without it, that backup restarts.
#pragma once

#include <filesystem>
#include <optional>

#include "maitred/base/result.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

struct UnfinishedBackup {
  SecretBytes key{kKeyBytes};  // of the backup
  Digest head{};               // of the part's head and the header of its stream
  Digest copy{};               // of the database that is being sealed
  std::filesystem::path part;
};

ClearBytes encode_unfinished(const UnfinishedBackup& backup);
// Nothing for bytes that encode_unfinished cannot have written.
std::optional<UnfinishedBackup> decode_unfinished(ByteView bytes);

std::filesystem::path unfinished_file(const std::filesystem::path& store);

// Replaces the note. Deletes the part of the earlier note unless it is the same file. Error:
// file_unwritable.
Status note_unfinished(const Vault& vault, const UnfinishedBackup& backup);
// Nothing if there is no note or it cannot be read.
std::optional<UnfinishedBackup> read_unfinished(const Vault& vault);
// Deletes the note, and the part if it is a backup of this store. Every erasure calls this, because
// an unfinished backup must not bring anybody back.
void drop_unfinished(const Vault& vault);

}  // namespace maitred
