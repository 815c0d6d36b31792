// The part that an interrupted backup has left.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "backup_stream.h"
#include "maitred/shop/store/key_source.h"
#include "src/shop/store/keys/vault.h"
#include "unfinished_backup.h"

namespace maitred {

// The part, and the place where it continues.
struct EarlierPart {
  UnfinishedBackup known;
  BackupSource source;
};

// Nothing if there is no part, or if it cannot be continued for a backup to `wanted` (none: to the
// keys of the store): `why_not` then says why.
Result<std::optional<EarlierPart>> earlier_part(Vault& vault, const std::filesystem::path& part,
                                                const std::optional<KeyAccess>& wanted,
                                                std::string& why_not);

}  // namespace maitred
