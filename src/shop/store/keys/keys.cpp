#include "maitred/shop/store/keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "certificates.h"
#include "key_slots.h"
#include "maitred/base/check.h"
#include "maitred/base/file.h"
#include "resealing.h"
#include "src/shop/store/backup/backup_trust.h"
#include "src/shop/store/backup/unfinished_backup.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/rows/audit_links.h"
#include "src/shop/store/rows/customer_rows.h"
#include "src/shop/store/rows/setting_rows.h"
#include "vault.h"

namespace maitred {
namespace {

constexpr std::size_t kMostSlots = 16;
constexpr std::size_t kLongestLabel = 60;
Result<std::optional<RotationState>> read_state(Vault& vault) {
  return read_setting_record<RotationState>(vault, kRotationKey);
}

Status write_state(Vault& vault, const RotationState& state) {
  return put_setting_record(vault, kRotationKey, state);
}

KeyAccess next_key_file(const KeyAccess& key) {
  KeyAccess next = copy_of(key);
  next.source.where += ".next";
  return next;
}

Result<std::int64_t> free_number(Database& database) {
  Query last(database, "SELECT ifnull(max(slot), 0) FROM key_slots");
  MAITRED_TRY(last.next());
  return last.number(0) + 1;
}

// The slot that this key opens; number 0 if it opens none or is missing.
Result<OpenedSlot> slot_of(Vault& vault, const KeyAccess& key) {
  MAITRED_ASSIGN(const auto slots, read_slots(vault.database(), 2));
  auto opened = open_slots(slots, vault.store_id(), kSlotsTable, key);
  if (!opened) {
    if (opened.error().code == "key_missing") return OpenedSlot{};
    return tl::unexpected(opened.error());
  }
  return *opened ? std::move(**opened) : OpenedSlot{};
}

Status rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto folder = to.has_parent_path() ? to.parent_path() : std::filesystem::path(".");
  const UniqueFd folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::rename(from.c_str(), to.c_str()) == 0 && folder_fd && ::fsync(folder_fd.get()) == 0) {
    return {};
  }
  return environment_error("file_unwritable",
                           fmt::format("cannot put the new key at {}: {}; both keys open the "
                                       "store, run key rotate again",
                                       to.string(), std::strerror(errno)));
}

}  // namespace

KeyAccess copy_of(const KeyAccess& key) {
  return {key.source, key.credentials_folder, SecretBytes::copy_of(key.passphrase.span()),
          key.cost};
}

Result<std::vector<KeySlot>> Keys::slots() const {
  MAITRED_ASSIGN(const auto records, read_slots(vault_.database(), 2));
  std::vector<KeySlot> slots;
  for (const SlotRecord& record : records) {
    KeySlot slot{record.number, record.kind, record.label, std::nullopt, record.number == in_use_};
    if (record.made != WallTime{}) slot.made = record.made;
    slots.push_back(std::move(slot));
  }
  return slots;
}

Result<std::int64_t> Keys::add(const KeyAccess& key, const std::string& label, const Actor& actor) {
  MAITRED_TRY(check_text("label", label, kLongestLabel, true));
  MAITRED_ASSIGN(const auto slots, read_slots(vault_.database(), 2));
  if (slots.size() >= kMostSlots) {
    return input_error("too_many_slots",
                       fmt::format("a store has at most {} key slots: remove one", kMostSlots));
  }
  MAITRED_TRY(provide_key(key));
  MAITRED_ASSIGN(const auto present, open_slots(slots, vault_.store_id(), kSlotsTable, key));
  if (present) {
    return input_error("slot_exists", fmt::format("{} opens the store already, in slot {}",
                                                  describe(key.source), present->number));
  }
  MAITRED_ASSIGN(const std::int64_t number, free_number(vault_.database()));
  MAITRED_ASSIGN(SlotRecord slot, make_slot(key, vault_.store_id(), kSlotsTable, number,
                                            vault_.root(), backup_signer(vault_)));
  slot.label = label;
  slot.made = actor.at;
  MAITRED_TRY(vault_.transact([&]() -> Status {
    MAITRED_TRY(insert_slot(vault_.database(), slot));
    MAITRED_TRY(put_certificate(vault_, number, slot.certificate));
    return AuditChain(vault_).append(actor, "key", "", fmt::format("slot {} added", number));
  }));
  return number;
}

Status Keys::drop_slot(std::int64_t number, WallTime at) {
  MAITRED_ASSIGN(const auto slots, read_slots(vault_.database(), kSchemaVersion));
  for (const SlotRecord& slot : slots) {
    if (slot.number != number || slot.public_key.empty()) continue;
    MAITRED_TRY(note_revocation(vault_, slot_index(vault_, slot.public_key), at));
  }
  MAITRED_TRY(drop_certificate(vault_, number));
  return Query(vault_.database(), "DELETE FROM key_slots WHERE slot = ?1", number).run();
}

Status Keys::remove(std::int64_t number, const Actor& actor) {
  MAITRED_ASSIGN(const auto slots, read_slots(vault_.database(), 2));
  const bool known = std::any_of(slots.begin(), slots.end(), [number](const SlotRecord& slot) {
    return slot.number == number;
  });
  if (!known) {
    return input_error(
        "unknown_slot",
        fmt::format("there is no key slot {}: see maitredctl key slot list", number));
  }
  if (number == in_use_) {
    return input_error("slot_in_use",
                       fmt::format("slot {} is the one the store was opened with: set store.key to "
                                   "another key first",
                                   number));
  }
  MAITRED_TRY(vault_.transact([&]() -> Status {
    MAITRED_TRY(drop_slot(number, actor.at));
    return AuditChain(vault_).append(actor, "key", "", fmt::format("slot {} removed", number));
  }));
  list_revocations(vault_);
  return vault_.database().truncate_wal();
}

bool Keys::rotating() const {
  const auto state = read_state(vault_);
  return state && state->has_value();
}

Status Keys::begin_rotation(const KeyAccess& key, bool keep_key, const Actor& actor) {
  if (rotating()) return {};
  if (keep_key || key.source.kind != KeyKind::kFile) {
    return new_root(nullptr, Why::kRotation, actor);
  }
  const KeyAccess next = next_key_file(key);
  // A file that a crash left here before the transaction opens nothing yet, and is used.
  const auto made = provide_key(next);
  if (!made && made.error().code == "file_unwritable") {
    return environment_error(
        "file_unwritable",
        fmt::format("{}; the program with the open store cannot write there: stop it and run "
                    "key rotate as a user who may, or keep the key file with --keep-key",
                    made.error().message));
  }
  MAITRED_TRY(made);
  return new_root(&next, Why::kRotation, actor);
}

Status Keys::renew_after_restore(const Actor& actor) {
  return rotating() ? Status() : new_root(nullptr, Why::kRestore, actor);
}

Status Keys::certify() { return certify_slot(vault_, in_use_, voucher_); }

// In one transaction: makes a root key and a seed, seals the root key to every slot, begins an
// epoch, and writes the state from which the steps start.
Status Keys::new_root(const KeyAccess* next, Why why, const Actor& actor) {
  Database& database = vault_.database();
  SecretBytes root = SecretBytes::random(kKeyBytes);
  std::int64_t in_use = in_use_;
  const Status begun = vault_.transact([&]() -> Status {
    MAITRED_TRY(vault_.turn_to_seed(SecretBytes::random(kKeyBytes)));
    if (why == Why::kRotation) MAITRED_TRY(trust_no_former_signer(vault_));
    const Bytes signer = backup_signer(vault_);
    // Other slots vouch for the store again once it is opened with them.
    Certificates certificates;
    certificates[in_use_] = certificate_of(voucher_, vault_.store_id(), signer);
    MAITRED_ASSIGN(auto slots, read_slots(database, 2));
    RotationState state;
    for (SlotRecord& slot : slots) {
      if (slot.public_key.empty()) {
        // A slot of schema 1 that was never used since has no public key to seal the root key to.
        MAITRED_TRY(drop_slot(slot.number, actor.at));
        continue;
      }
      refill_slot(slot, vault_.store_id(), kSlotsTable, root);
      MAITRED_TRY(update_slot(database, slot));
      if (slot.number != in_use_ || next == nullptr) continue;
      MAITRED_ASSIGN(in_use, free_number(database));
      MAITRED_ASSIGN(SlotRecord fresh,
                     make_slot(*next, vault_.store_id(), kSlotsTable, in_use, root, signer));
      fresh.label = slot.label;
      fresh.made = actor.at;
      MAITRED_TRY(insert_slot(database, fresh));
      certificates = {{in_use, fresh.certificate}};
      state.old_slot = slot.number;
    }
    MAITRED_TRY(put_certificates(vault_, certificates));
    Query counts(database, "SELECT ifnull(max(n), 0), count(*) FROM customers");
    MAITRED_TRY(counts.next());
    state.last = counts.number(0);
    state.total = counts.count(1);
    MAITRED_ASSIGN(const std::int64_t last_group, vault_.last_key_group());
    state.groups = last_group + 1;
    MAITRED_TRY(write_state(vault_, state));
    MAITRED_TRY(AuditChain(vault_).append(actor, "key", "", "rotation begun"));
    MAITRED_TRY(vault_.store_seed(root));
    MAITRED_TRY(vault_.begin_epoch(root));
    // An interrupted backup opens with the old keys.
    drop_unfinished(vault_);
    return {};
  });
  if (!begun && vault_.former()) vault_.take_back_seed();
  MAITRED_TRY(begun);
  in_use_ = in_use;
  // The log still holds pages with the old wrapping until it is emptied.
  MAITRED_TRY(vault_.take_root(std::move(root)));
  MAITRED_TRY(vault_.announce_seed());
  return database.truncate_wal();
}

// Moves the new key file into place, then deletes the slot of the old key. Until that is done, both
// keys open the store, so a crash at any point leaves a key file that works.
Status Keys::switch_key_file(const KeyAccess& key, const Actor& actor) {
  MAITRED_ASSIGN(auto state, read_state(vault_));
  if (!state || state->old_slot == 0) return {};
  const KeyAccess next = next_key_file(key);
  MAITRED_ASSIGN(const OpenedSlot waiting, slot_of(vault_, next));
  if (waiting.number != 0 && waiting.number != state->old_slot) {
    MAITRED_TRY(rename_durably(next.source.where, key.source.where));
  }
  MAITRED_ASSIGN(OpenedSlot present, slot_of(vault_, key));
  if (present.number == 0 || present.number == state->old_slot) {
    // The new key file was lost before it was moved: make another one.
    MAITRED_TRY(provide_key(next));
    MAITRED_TRY(add(next, "", actor));
    MAITRED_TRY(rename_durably(next.source.where, key.source.where));
    MAITRED_ASSIGN(present, slot_of(vault_, key));
  }
  in_use_ = present.number;
  voucher_ = std::move(present.voucher);
  const std::int64_t old_slot = std::exchange(state->old_slot, 0);
  MAITRED_TRY(vault_.transact([&]() -> Status {
    MAITRED_TRY(drop_slot(old_slot, actor.at));
    return write_state(vault_, *state);
  }));
  list_revocations(vault_);
  return vault_.database().truncate_wal();
}

// A step on groups and customers; true when all are done. Requires a transaction.
Result<bool> Keys::rekey_some(RotationState& state, std::size_t customers) {
  if (state.next_group < state.groups) {
    MAITRED_TRY(vault_.rekey_group(state.next_group++));
    return false;
  }
  std::vector<std::pair<std::int64_t, CustomerId>> due;
  {
    Query rows(vault_.database(),
               "SELECT n, id FROM customers WHERE n > ?1 AND n <= ?2 ORDER BY n LIMIT ?3",
               state.after, state.last, static_cast<std::int64_t>(customers));
    for (;;) {
      MAITRED_ASSIGN(const bool found, rows.next());
      if (!found) break;
      due.emplace_back(rows.number(0), CustomerId(rows.text(1)));
    }
  }
  for (const auto& [n, id] : due) {
    MAITRED_TRY(vault_.rekey(id));
    if (vault_.former()) MAITRED_TRY(reindex_customer(vault_, id));
    state.after = n;
    ++state.done;
  }
  return due.size() < customers;
}

// A step on what hangs on the seed; true when nothing is left but the digests.
Result<bool> Keys::move_seed_some(RotationState& state, std::size_t rows) {
  if (!vault_.former() || state.chain_moved) return true;
  MAITRED_ASSIGN(const bool resealed, reseal_some(vault_, state, rows));
  if (resealed) MAITRED_TRY(relink_some(vault_, state, rows));
  return state.chain_moved;
}

Status Keys::end_rotation(const Actor& actor) {
  const bool new_seed = vault_.former().has_value();
  // From now on nothing accepts the former seed: what lies beside the store must be under the new
  // one.
  if (new_seed) MAITRED_TRY(vault_.announce_seed());
  MAITRED_TRY(vault_.transact([&]() -> Status {
    MAITRED_TRY(drop_setting(vault_, kRotationKey));
    MAITRED_TRY(AuditChain(vault_).append(actor, "key", "", "rotation finished"));
    return new_seed ? vault_.drop_former_seed() : Status();
  }));
  if (new_seed) vault_.forget_former_seed();
  return vault_.database().truncate_wal();
}

Result<RotationProgress> Keys::rotate_some(const KeyAccess& key, std::size_t customers,
                                           const Actor& actor) {
  // These rows cost about as much as a customer.
  constexpr std::size_t kRowsForCustomer = 8;
  constexpr std::size_t kDigestsForCustomer = 32;
  MAITRED_TRY(switch_key_file(key, actor));
  MAITRED_ASSIGN(auto state, read_state(vault_));
  if (!state) return RotationProgress{0, 0, true};
  // Each step writes its progress in the same transaction, so a crash repeats no customer.
  bool moved = state->chain_moved;
  if (!moved) {
    MAITRED_TRY(vault_.transact([&]() -> Status {
      MAITRED_ASSIGN(const bool rekeyed, rekey_some(*state, customers));
      if (rekeyed) {
        MAITRED_ASSIGN(moved, move_seed_some(*state, customers * kRowsForCustomer));
      }
      return write_state(vault_, *state);
    }));
    if (vault_.former()) {
      vault_.note_relinked(state->relinked, *old_link_of(*state), state->chain_moved);
    }
  }
  RotationProgress progress{std::min(state->done, state->total), state->total, false};
  if (!moved) return progress;
  if (vault_.former()) {
    MAITRED_ASSIGN(
        const bool swept,
        vault_.sweep_digests(static_cast<std::int64_t>(customers * kDigestsForCustomer)));
    if (!swept) return progress;
  }
  MAITRED_TRY(end_rotation(actor));
  return RotationProgress{state->total, state->total, true};
}

}  // namespace maitred
