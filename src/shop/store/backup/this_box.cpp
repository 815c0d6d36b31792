#include "this_box.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup_trust.h"
#include "maitred/base/file.h"
#include "maitred/shop/store/staff.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/keys/certificates.h"
#include "src/shop/store/keys/key_slots.h"

namespace maitred {
namespace {

Result<std::set<std::string>> hex_column(Vault& vault, std::string_view sql) {
  Query rows(vault.database(), sql);
  std::set<std::string> values;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return values;
    values.insert(rows.text(0));
  }
}

}  // namespace

Result<Admitted> admitted_by(Vault& vault) {
  Admitted admitted;
  MAITRED_ASSIGN(admitted.slots, hex_column(vault, "SELECT lower(hex(public_key)) FROM key_slots"));
  MAITRED_ASSIGN(admitted.tokens, hex_column(vault, "SELECT lower(hex(token)) FROM staff"));
  return admitted;
}

Status drop_foreign(Vault& vault, const Admitted& admitted, RestoreReport& report) {
  MAITRED_ASSIGN(const auto slots, read_slots(vault.database(), kSchemaVersion));
  MAITRED_ASSIGN(const auto members, Staff(vault).list());
  MAITRED_ASSIGN(const auto tokens, hex_column(vault, "SELECT lower(hex(token)) FROM staff"));
  return vault.transact([&]() -> Status {
    for (const SlotRecord& slot : slots) {
      if (admitted.slots.contains(to_hex(slot.public_key))) continue;
      report.foreign_slots.push_back(slot.number);
      MAITRED_TRY(drop_certificate(vault, slot.number));
      MAITRED_TRY(
          Query(vault.database(), "DELETE FROM key_slots WHERE slot = ?1", slot.number).run());
    }
    for (const std::string& token : tokens) {
      if (admitted.tokens.contains(token)) continue;
      MAITRED_TRY(
          Query(vault.database(), "DELETE FROM staff WHERE lower(hex(token)) = ?1", token).run());
    }
    MAITRED_ASSIGN(const auto kept, Staff(vault).list());
    for (const StaffMember& member : members) {
      const bool stays = std::any_of(kept.begin(), kept.end(), [&](const StaffMember& one) {
        return one.name == member.name;
      });
      if (!stays) report.foreign_staff.push_back(member.name);
    }
    return {};
  });
}

tl::unexpected<Error> not_authenticated(const std::filesystem::path& backup,
                                        const BackupHead& head) {
  const std::string what =
      head.version == 1
          ? std::string("it was made before maitred signed backups")
          : fmt::format("nothing here vouches for its signature {}", fingerprint_of(head.signer));
  return input_error(
      "backup_not_authenticated",
      fmt::format("{}: {}, so anybody may have made it; if that is the signature that maitredctl "
                  "backup printed when the backup was made, give it with --signed-by; to take the "
                  "backup whoever made it, without its key slots and staff tokens, add "
                  "--accept-unsigned",
                  backup.string(), what));
}

}  // namespace maitred
