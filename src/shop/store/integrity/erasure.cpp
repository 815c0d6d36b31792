// Deleting a customer's wrapped key is not enough: its bytes survive in the WAL, in free pages, on
// flash and in copies, and the keys above it would still open them. So every erasure gives the
// customer's group a new key and begins a new epoch. The data keys of the others in the group and
// the keys of all groups are wrapped again, and the old epoch key is wrapped nowhere in the store.
// The log, which may hold earlier pages, is emptied. SQLite overwrites deleted cells and free pages
// (secure_delete).
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

// One query for each table that refers to a customer. Their rows are deleted by cascade.
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

// What must be gone; the audit chain's share is no row of its own in a receipt.
Result<std::uint64_t> rows_left(Vault& vault, const CustomerId& id) {
  MAITRED_ASSIGN(const std::uint64_t rows, rows_of(vault, id));
  Query count(vault.database(), "SELECT count(*) FROM audit_subjects WHERE customer = ?1",
              id.value);
  MAITRED_TRY(count.next());
  return rows + count.count(0);
}

Place tombstone_place(const Bytes& index) { return {"tombstones", to_hex(index)}; }

// Replaces earlier notes about the customer by a tombstone of the epoch that is about to begin.
Result<Tombstone> put_tombstone(Vault& vault, const CustomerId& id, std::uint64_t rows,
                                WallTime at) {
  const Bytes index = erasure_index(vault, id);
  for (const std::string_view sql :
       {"DELETE FROM withdrawals WHERE id = ?1", "DELETE FROM tombstones WHERE id = ?1"}) {
    MAITRED_TRY(Query(vault.database(), sql, index).run());
  }
  const Tombstone erasure{at, vault.epoch() + 1, rows};
  MAITRED_TRY(note_erasure(vault, index, erasure));
  return erasure;
}

// Deletes the customer's rows and adds the group of the deleted key to `groups`. Requires a
// transaction.
Result<Tombstone> delete_customer(Vault& vault, const CustomerId& id, const Actor& actor,
                                  std::set<std::int64_t>& groups) {
  MAITRED_ASSIGN(const std::uint64_t rows, rows_of(vault, id));
  if (rows == 0) return unknown_customer(id);
  MAITRED_ASSIGN(const auto group, vault.key_group_of(id));
  if (group) groups.insert(*group);
  MAITRED_TRY(Query(vault.database(), "DELETE FROM customers WHERE id = ?1", id.value).run());
  MAITRED_ASSIGN(const Tombstone erasure, put_tombstone(vault, id, rows, actor.at));
  // The id would name the customer in the chain for good; the receipt proves whose hash it is.
  MAITRED_TRY(AuditChain(vault).append(actor, "forget", to_hex(erasure_index(vault, id)),
                                       fmt::format("{} rows", rows)));
  return erasure;
}

// Replaces every key that opened the erased rows.
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
    MAITRED_ASSIGN(erasure, delete_customer(vault, id, actor, groups));
    MAITRED_TRY(shred(vault, groups));
    drop_unfinished(vault);  // before the commit, so that no crash can fall between the two
    return {};
  }));
  MAITRED_TRY(vault.load_epoch());
  // The receipt is signed only after this look at the tables and after the log is empty.
  MAITRED_ASSIGN(const std::uint64_t left, rows_left(vault, id));
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
      MAITRED_ASSIGN(const Tombstone erasure, delete_customer(vault, id, actor, groups));
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
