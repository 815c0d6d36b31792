// Brings a restored store up to what happened after its backup was made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backup_format.h"
#include "backup_trust.h"
#include "maitred/shop/store/backup.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "this_box.h"

namespace maitred {

// What is known of the store that is replaced.
struct Before {
  bool there = false;
  std::string id;  // empty: cannot be read
  bool erasures_known = false;
  ErasureList erasures;
  std::uint64_t generation = 0;
  std::uint64_t last_seq = 0;
  KnownBackups backups;
  std::optional<Admitted> admitted;  // slots and tokens
};

Result<Before> look_at(Store& store);

// Replays erasures, withdrawals and revocations in the checked copy, drops what is not this box's,
// gives it a slot for the store's key, and begins a rotation of keys. `id` is that of the backup.
Status catch_up(Vault& vault, const BackupHead& head, const RestoreOptions& options,
                const Before& before, const Digest& id, const Actor& actor, RestoreReport& report);

}  // namespace maitred
