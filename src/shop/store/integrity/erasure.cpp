// Deleting a customer's wrapped key would not be enough: the bytes live on in the WAL, in free
// pages, on flash and in copies, and the keys above it would still open them. So every erasure
// gives the customer's group of keys a new key, and begins a new epoch: the keys of the others in
// the group are wrapped anew, and so are the keys of all groups; the old epoch key is wrapped
// nowhere in the store any more; and the log, which may hold earlier pages, is emptied. Deleted
// cells and free pages are overwritten by SQLite (secure_delete).
#include "erasure.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "erasure_list.h"
#include "maitred/base/check.h"
#include "maitred/base/file.h"
#include "src/shop/store/backup/unfinished_backup.h"
#include "src/shop/store/keys/receipt_signing.h"
#include "src/shop/store/rows/customer_rows.h"

namespace maitred {
namespace {

// One literal a table that refers to a customer; they go by cascade.
constexpr std::array<std::string_view, 10> kCounts = {
    "SELECT count(*) FROM customers WHERE id = ?1",
    "SELECT count(*) FROM customer_keys WHERE customer = ?1",
    "SELECT count(*) FROM consents WHERE customer = ?1",
    "SELECT count(*) FROM entries WHERE customer = ?1",
    "SELECT count(*) FROM templates WHERE customer = ?1",
    "SELECT count(*) FROM photos WHERE customer = ?1",
    "SELECT count(*) FROM visits WHERE customer = ?1",
    "SELECT count(*) FROM alerts WHERE customer = ?1",
    "SELECT count(*) FROM alert_events WHERE customer = ?1",
    "SELECT count(*) FROM feedback WHERE customer = ?1"};

Result<std::uint64_t> rows_of(Vault& vault, const CustomerId& id) {
  std::uint64_t rows = 0;
  for (const std::string_view sql : kCounts) {
    Query count(vault.database(), sql, id.value);
    MAITRED_TRY(count.next());
    rows += count.count(0);
  }
  return rows;
}

Place tombstone_place(const Bytes& index) { return {"tombstones", to_hex(index)}; }

// In the epoch that is about to begin.
Result<Tombstone> bury(Vault& vault, const CustomerId& id, std::uint64_t rows, WallTime at) {
  const Bytes index = erasure_index(vault, id);
  for (const std::string_view sql :
       {"DELETE FROM withdrawals WHERE id = ?1", "DELETE FROM tombstones WHERE id = ?1"}) {
    MAITRED_TRY(Query(vault.database(), sql, index).run());
  }
  const Tombstone erasure{at, vault.epoch() + 1, rows};
  MAITRED_TRY(note_erasure(vault, index, erasure));
  return erasure;
}

// Within a transaction. Adds the group of the key that is no more to `groups`.
Result<Tombstone> take_out(Vault& vault, const CustomerId& id, const Actor& actor,
                           std::set<std::int64_t>& groups) {
  MAITRED_ASSIGN(const std::uint64_t rows, rows_of(vault, id));
  if (rows == 0) return unknown_customer(id);
  MAITRED_ASSIGN(const auto group, vault.key_group_of(id));
  if (group) groups.insert(*group);
  MAITRED_TRY(Query(vault.database(), "DELETE FROM customers WHERE id = ?1", id.value).run());
  MAITRED_ASSIGN(const Tombstone erasure, bury(vault, id, rows, actor.at));
  MAITRED_TRY(AuditChain(vault).append(actor, "forget", id.value, fmt::format("{} rows", rows)));
  return erasure;
}

// The keys that opened what was erased go.
Status shred(Vault& vault, const std::set<std::int64_t>& groups) {
  for (const std::int64_t group : groups) MAITRED_TRY(vault.rekey_group(group));
  return vault.begin_epoch();
}

Receipt receipt_for(const Vault& vault, const CustomerId& id, const Tombstone& erasure) {
  Receipt receipt;
  receipt.store = vault.store_id();
  receipt.customer = id.value;
  receipt.erased_at = format_time(erasure.erased);
  receipt.rows = erasure.rows ? std::to_string(*erasure.rows) : "unknown";
  receipt.epoch = std::to_string(erasure.epoch);
  sign_receipt(receipt, vault.subkey(Purpose::kReceipts));
  return receipt;
}

tl::unexpected<Error> incomplete(const CustomerId& id, std::string_view what) {
  return environment_error("erasure_incomplete",
                           fmt::format("customer {} is erased, but {}: restart maitred to finish "
                                       "it",
                                       id.value, what));
}

}  // namespace

Status note_erasure(Vault& vault, const Bytes& index, const Tombstone& erasure) {
  MAITRED_ASSIGN(const ClearBytes clear, encode_record(erasure));
  return Query(vault.database(), "INSERT INTO tombstones VALUES (?1, ?2) ON CONFLICT DO NOTHING",
               index, vault.seal(Purpose::kTombstones, tombstone_place(index), clear))
      .run();
}

Result<Receipt> erase(Vault& vault, const CustomerId& id, const Actor& actor) {
  MAITRED_CHECK(!vault.in_transaction());
  Tombstone erasure;
  MAITRED_TRY(vault.transact([&]() -> Status {
    std::set<std::int64_t> groups;
    MAITRED_ASSIGN(erasure, take_out(vault, id, actor, groups));
    MAITRED_TRY(shred(vault, groups));
    drop_unfinished(vault);  // before the commit, so that no crash lies between
    return {};
  }));
  MAITRED_TRY(vault.load_epoch());
  MAITRED_ASSIGN(const std::uint64_t left, rows_of(vault, id));
  if (left != 0 || !vault.database().truncate_wal()) {
    return incomplete(id, "the log of the store could not be emptied");
  }
  if (!append_erasure(vault, id, true, actor.at)) {
    return incomplete(id, "the list of erasures beside the store could not be written");
  }
  return receipt_for(vault, id, erasure);
}

Result<std::vector<Receipt>> erase_all(Vault& vault, const std::vector<CustomerId>& ids,
                                       const Actor& actor) {
  MAITRED_CHECK(!vault.in_transaction());
  std::vector<Receipt> receipts;
  MAITRED_TRY(vault.transact([&]() -> Status {
    std::set<std::int64_t> groups;
    for (const CustomerId& id : ids) {
      MAITRED_ASSIGN(const Tombstone erasure, take_out(vault, id, actor, groups));
      receipts.push_back(receipt_for(vault, id, erasure));
    }
    MAITRED_TRY(shred(vault, groups));
    drop_unfinished(vault);
    return {};
  }));
  MAITRED_TRY(vault.load_epoch());
  MAITRED_TRY(vault.database().truncate_wal());
  return receipts;
}

Result<Receipt> issue_receipt(Vault& vault, const CustomerId& id) {
  const Bytes index = erasure_index(vault, id);
  Query row(vault.database(), "SELECT sealed FROM tombstones WHERE id = ?1", index);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) {
    return clean_no("not_erased",
                    fmt::format("no erasure of customer {} is on record here", id.value));
  }
  const Place place = tombstone_place(index);
  MAITRED_ASSIGN(const ClearBytes clear, vault.open(Purpose::kTombstones, place, row.blob(0)));
  const auto erasure = decode_record<Tombstone>(clear);
  if (!erasure) return vault.corrupt(place.table, place.row);
  return receipt_for(vault, id, *erasure);
}

}  // namespace maitred
