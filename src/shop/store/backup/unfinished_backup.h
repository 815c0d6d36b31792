// What is known of a backup that was interrupted: in a file beside the store, sealed by it. With it
// the next backup to the same place goes on; without it, it begins anew.
#pragma once

#include <filesystem>
#include <optional>

#include "maitred/base/result.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

struct UnfinishedBackup {
  SecretBytes key{kKeyBytes};  // of the backup
  Digest head{};               // of the part's head, with that of its stream
  Digest copy{};               // of the database that is being sealed
  std::filesystem::path part;
};

ClearBytes encode_unfinished(const UnfinishedBackup& backup);
// None: not what encode_unfinished wrote.
std::optional<UnfinishedBackup> decode_unfinished(ByteView bytes);

std::filesystem::path unfinished_file(const std::filesystem::path& store);

// In the place of what was known before, whose part goes unless it is the same file. Error:
// file_unwritable.
Status note_unfinished(const Vault& vault, const UnfinishedBackup& backup);
// None: there is none, or it cannot be read.
std::optional<UnfinishedBackup> read_unfinished(const Vault& vault);
// Deletes the note, and the part if it is a backup of this store. For whoever erases: what is not
// finished must not bring anybody back.
void drop_unfinished(const Vault& vault);

}  // namespace maitred
