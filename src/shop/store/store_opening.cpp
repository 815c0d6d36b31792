#include "store_opening.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/integrity/store_check.h"
#include "src/shop/store/keys/key_slots.h"

namespace maitred {
namespace {

// Random, version 4.
std::string new_uuid() {
  std::array<std::uint8_t, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(bytes);
  const std::string_view text = hex;
  return fmt::format("{}-{}-{}-{}-{}", text.substr(0, 8), text.substr(8, 4), text.substr(12, 4),
                     text.substr(16, 4), text.substr(20));
}

tl::unexpected<Error> older_store(const Vault& vault, const std::string& how) {
  return environment_error(
      "store_older",
      fmt::format("{}: {}; restore a backup, or, if you know the reason, accept it with "
                  "maitredctl audit accept",
                  vault.path().string(), how));
}

// How the witness shows that there was a newer state; empty if it does not.
std::string sign_of_newer(const Ledger& ledger, const Witness& witness,
                          const Result<std::optional<WitnessRecord>>& read) {
  if (!read) return ledger.witnessed ? read.error().message : "";
  if (!*read) {
    if (!ledger.witnessed) return "";
    return fmt::format("{} is missing, so it cannot be told whether this is the newest state",
                       witness.file().string());
  }
  if (ledger.generation >= (*read)->generation) return "";
  return fmt::format(
      "this is an older copy of the store (generation {}, but {} has seen {}): later "
      "changes are missing, erasures too",
      ledger.generation, witness.file().string(), (*read)->generation);
}

// True if the list beside the store is newer than the store.
Result<bool> is_behind(Vault& vault, const ErasureList& list) {
  MAITRED_ASSIGN(const bool more, knows_more(vault, list));
  if (!more || vault.ledger().listed) return more;
  // Before the flag existed, a restore noted only what concerned somebody who was there.
  return names_present(vault, list);
}

// The clock was ahead and has been set back: rows from now on would lie before the newest one. This
// row says why.
Status note_clock_set_back(Vault& vault, const Actor& actor) {
  AuditChain chain(vault);
  MAITRED_ASSIGN(const auto newest, chain.rows(1));
  if (newest.empty() || newest.back().at <= actor.at) return {};
  return chain.append(actor, "accept", "",
                      fmt::format("the clock was set back from {}", format_time(newest.back().at)));
}

}  // namespace

Result<std::string> read_meta(Database& database, std::string_view key) {
  Query row(database, "SELECT value FROM meta WHERE key = ?1", key);
  MAITRED_ASSIGN(const bool found, row.next());
  if (found) return row.text(0);
  return environment_error("store_corrupt", fmt::format("{} lacks its {}: restore it from a backup",
                                                        database.path().string(), key));
}

Status build_store(const std::filesystem::path& built, const KeyAccess& key, const Actor& actor) {
  MAITRED_ASSIGN(auto database, Database::open(built, Database::Mode::kCreate));
  // Nobody uses the file yet: finish_file syncs it as a whole.
  MAITRED_TRY(database->execute("PRAGMA synchronous=OFF"));
  MAITRED_TRY(create_schema(*database));
  const std::string id = new_uuid();
  MAITRED_TRY(Query(*database, "INSERT INTO meta VALUES ('store_id', ?1), ('created', ?2)", id,
                    format_time(actor.at))
                  .run());
  SecretBytes root = SecretBytes::random(kKeyBytes);
  // The slot gets its certificate when it opens the store.
  MAITRED_ASSIGN(SlotRecord slot, make_slot(key, id, kSlotsTable, 1, root, {}));
  slot.made = actor.at;
  MAITRED_TRY(insert_slot(*database, slot));
  Vault vault(std::move(database), id, std::move(root), SecretBytes::random(kKeyBytes));
  MAITRED_TRY(vault.begin());
  MAITRED_TRY(AuditChain(vault).append(actor, "init", "", ""));
  return vault.database().truncate_wal();
}

Status upgrade_slot(Vault& vault, std::int64_t number, const Bytes& public_key) {
  MAITRED_ASSIGN(auto slots, read_slots(vault.database(), kSchemaVersion));
  for (SlotRecord& slot : slots) {
    if (slot.number != number || !slot.public_key.empty()) continue;
    slot.public_key = public_key;
    refill_slot(slot, vault.store_id(), kSlotsTable, vault.root());
    return vault.transact([&] { return update_slot(vault.database(), slot); });
  }
  return {};
}

Status check_file(Vault& vault, int schema_version, const std::optional<WitnessRecord>& kept) {
  const bool known = kept && kept->file && kept->generation == vault.ledger().generation;
  if (known) {
    MAITRED_ASSIGN(const Digest found,
                   hash_of_open_file(vault.database(), vault.subkey(Purpose::kWitness)));
    if (found == *kept->file) return {};
  }
  MAITRED_TRY(check_pages(vault.database()));
  MAITRED_TRY(vault.check_digests(schema_version));
  if (!known) return {};
  MAITRED_TRY(check_audit(vault));
  return environment_error("store_corrupt",
                           fmt::format("{} was changed after it was closed, in a place that holds "
                                       "no row: restore it from a backup",
                                       vault.path().string()));
}

Status check_age(Vault& vault, Witness& witness, const Result<std::optional<WitnessRecord>>& read,
                 const OpenOptions& options, std::int64_t slot) {
  const bool accept = options.accept_older;
  Ledger& ledger = vault.ledger();
  const std::string newer = sign_of_newer(ledger, witness, read);
  if (!newer.empty() && !accept) {
    return read ? older_store(vault, newer) : tl::unexpected(read.error());
  }
  const ErasureList list = read_erasure_file(vault, erasure_file(vault.path()));
  MAITRED_ASSIGN(const bool behind_list, is_behind(vault, list));
  if (behind_list && !accept) {
    return older_store(vault, fmt::format("this is an older copy of the store: {} has erasures or "
                                          "withdrawals that are missing here",
                                          erasure_file(vault.path()).string()));
  }
  // The next generation must be above every one that was ever used, or an older copy could pass.
  if (read && *read) ledger.generation = std::max(ledger.generation, (*read)->generation);
  MAITRED_TRY(witness.begin(ledger.generation));
  vault.set_on_commit([&witness](std::uint64_t generation) { witness.note(generation); });
  // Accepting an older copy must be on record, and erasures that it lacks must be replayed.
  if (accept && (!newer.empty() || behind_list)) {
    MAITRED_TRY(AuditChain(vault).append(options.actor, "accept", "", "an older state was taken"));
    MAITRED_TRY(vault.transact([&]() -> Status {
      MAITRED_TRY(drop_revoked_slots(vault, list, slot));
      return {};
    }));
    MAITRED_TRY(replay(vault, list, options.actor));
  } else if (!ledger.listed) {
    MAITRED_TRY(absorb(vault, list));
  }
  if (accept) MAITRED_TRY(note_clock_set_back(vault, options.actor));
  if (ledger.witnessed && ledger.listed) return {};
  ledger.witnessed = ledger.listed = true;
  return vault.keep_ledger();
}

}  // namespace maitred
