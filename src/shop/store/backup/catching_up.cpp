#include "catching_up.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/check.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/integrity/witness.h"
#include "src/shop/store/keys/certificates.h"
#include "src/shop/store/store_access.h"

namespace maitred {
namespace {

// Slots that a restore made; the next one takes their place, so that they do not pile up.
constexpr std::string_view kRestoredLabel = "restored";

// The store's key must open what is restored.
Result<OpenedSlot> provide_slot(Vault& vault, const KeyAccess& key, const Actor& actor) {
  MAITRED_TRY(provide_key(key));
  Database& database = vault.database();
  MAITRED_ASSIGN(const auto slots, read_slots(database, kSchemaVersion));
  MAITRED_ASSIGN(auto opened, open_slots(slots, vault.store_id(), kSlotsTable, key));
  if (opened) return std::move(*opened);
  std::int64_t number = 0;
  for (const SlotRecord& slot : slots) number = std::max(number, slot.number);
  MAITRED_ASSIGN(SlotRecord slot, make_slot(key, vault.store_id(), kSlotsTable, number + 1,
                                            vault.root(), backup_signer(vault)));
  slot.made = actor.at;
  slot.label = kRestoredLabel;
  MAITRED_TRY(vault.transact([&]() -> Status {
    MAITRED_TRY(Query(database, "DELETE FROM key_slots WHERE label = ?1 AND kind = ?2", slot.label,
                      slot.kind)
                    .run());
    return insert_slot(database, slot);
  }));
  MAITRED_ASSIGN(opened, open_slots({slot}, vault.store_id(), kSlotsTable, key));
  MAITRED_CHECK(opened.has_value());
  return std::move(*opened);
}

}  // namespace

Result<Before> look_at(Store& store) {
  Vault& vault = StoreAccess::vault(store);
  Before before;
  before.there = true;
  before.id = vault.store_id();
  before.erasures_known = true;
  before.generation = vault.ledger().generation;
  before.last_seq = vault.ledger().last_seq;
  MAITRED_ASSIGN(before.erasures, erasures_of(vault));
  MAITRED_ASSIGN(before.backups, backups_known_to(vault));
  MAITRED_ASSIGN(before.admitted, admitted_by(vault));
  return before;
}

Status catch_up(Vault& vault, const BackupHead& head, const RestoreOptions& options,
                const Before& before, const Digest& id, const Actor& actor, RestoreReport& report) {
  MAITRED_TRY(vault.follow());

  ErasureList list = before.id == head.store ? before.erasures : ErasureList{};
  report.erasures_known = before.id == head.store && before.erasures_known;
  for (const auto& known : {erasure_file(options.store), options.erasures}) {
    std::error_code ignored;
    if (known.empty() || !std::filesystem::exists(known, ignored)) continue;
    const ErasureList read = read_erasure_file(vault, known);
    if (read.erased.empty() && read.withdrawn.empty()) continue;
    list.add(read);
    report.erasures_known = true;
  }
  // No generation and no seq comes twice.
  Ledger& ledger = vault.ledger();
  Witness witness(options.store, head.store, vault.subkey(Purpose::kWitness));
  const auto heard = witness.read();
  if (heard && *heard) ledger.generation = std::max(ledger.generation, (*heard)->generation);
  if (before.id == head.store) {
    ledger.generation = std::max(ledger.generation, before.generation);
    ledger.last_seq = std::max(ledger.last_seq, before.last_seq);
  }
  ledger.witnessed = false;
  MAITRED_TRY(vault.transact([&]() -> Status {
    MAITRED_ASSIGN(report.slots, drop_revoked_slots(vault, list));
    return {};
  }));
  if (before.id == head.store && before.admitted) {
    MAITRED_TRY(drop_foreign(vault, *before.admitted, report));
  } else if (options.accept_unsigned) {
    MAITRED_TRY(drop_foreign(vault, {}, report));
  }
  MAITRED_ASSIGN(OpenedSlot slot, provide_slot(vault, options.store_key, actor));
  MAITRED_ASSIGN(const Replayed replayed, replay(vault, list, actor));
  report.staff = replayed.staff;
  report.erased = replayed.erased;
  report.withdrawn = replayed.withdrawn;
  MAITRED_TRY(AuditChain(vault).append(
      actor, "restore", "",
      fmt::format("backup of {}, {} erasures and {} withdrawals replayed", format_time(head.made),
                  replayed.erased, replayed.withdrawn)));
  MAITRED_TRY(vault.transact([&]() -> Status {
    // What was taken unsigned proves nothing, now and next time.
    KnownBackups known;
    if (!options.accept_unsigned) {
      MAITRED_ASSIGN(known, read_known_backups(vault));
      add_entry(known.signers, backup_signer(vault));
      add_entry(known.made, id);
    }
    if (before.id == head.store) {
      add_entries(known.made, before.backups.made);
      add_entries(known.signers, before.backups.signers);
    }
    return put_known_backups(vault, known);
  }));
  // Whoever had this backup and a key of it had the root key.
  MAITRED_TRY(Keys(vault, slot.number, std::move(slot.voucher)).renew_after_restore(actor));
  {
    Query count(vault.database(), "SELECT count(*) FROM customers");
    MAITRED_TRY(count.next());
    report.customers = count.count(0);
  }
  return vault.database().truncate_wal();
}

}  // namespace maitred
