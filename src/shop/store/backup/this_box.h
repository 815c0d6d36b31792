// Drops the key slots and tokens of a backup that are not those of this box.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "backup_format.h"
#include "maitred/shop/store/backup.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// The public keys of slots, and the hashes of tokens, that a store admits; in hexadecimal.
struct Admitted {
  std::set<std::string> slots;
  std::set<std::string> tokens;
};
Result<Admitted> admitted_by(Vault& vault);

// Drops every other slot and terminal, and reports them.
Status drop_foreign(Vault& vault, const Admitted& admitted, RestoreReport& report);

// Error: backup_not_authenticated, which says what to do.
tl::unexpected<Error> not_authenticated(const std::filesystem::path& backup,
                                        const BackupHead& head);

}  // namespace maitred
