// Deleting a customer's wrapped key would not be enough: the bytes live on in the WAL, in free
// pages, on flash and in copies, and the epoch key would still open them. So every erasure begins a
// new epoch. The keys of the others are wrapped anew; the old epoch key is wrapped nowhere in the
// store any more; and the log, which may hold earlier pages, is emptied. Deleted cells and free
// pages are overwritten by SQLite (secure_delete).
#include "erasure.h"

#include <fmt/format.h>

#include <array>

#include "customer_rows.h"
#include "erasure_list.h"
#include "maitred/base/file.h"
#include "maitred/base/check.h"
#include "receipt_signing.h"

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

Status bury(Vault& vault, const CustomerId& id, const Actor& actor) {
  const Bytes index = erasure_index(vault, id);
  MAITRED_TRY(Query(vault.database(), "DELETE FROM withdrawals WHERE id = ?1", index).run());
  return note_erasure(vault, index, actor.at, vault.epoch() + 1);
}

// Within a transaction; how many rows went.
Result<std::uint64_t> take_out(Vault& vault, const CustomerId& id, const Actor& actor) {
  MAITRED_ASSIGN(const std::uint64_t rows, rows_of(vault, id));
  if (rows == 0) return unknown_customer(id);
  MAITRED_TRY(Query(vault.database(), "DELETE FROM customers WHERE id = ?1", id.value).run());
  MAITRED_TRY(bury(vault, id, actor));
  MAITRED_TRY(AuditChain(vault).append(actor, "forget", id.value, fmt::format("{} rows", rows)));
  return rows;
}

tl::unexpected<Error> incomplete(const CustomerId& id, std::string_view what) {
  return environment_error("erasure_incomplete",
                           fmt::format("customer {} is erased, but {}: restart maitred to finish "
                                       "it",
                                       id.value, what));
}

}  // namespace

Status note_erasure(Vault& vault, const Bytes& index, WallTime at, std::uint64_t epoch) {
  MAITRED_ASSIGN(const ClearBytes clear, encode_record(Tombstone{at, epoch}));
  return Query(vault.database(), "INSERT INTO tombstones VALUES (?1, ?2) ON CONFLICT DO NOTHING",
               index, vault.seal(Purpose::kTombstones, {"tombstones", to_hex(index)}, clear))
      .run();
}

Result<Receipt> erase(Vault& vault, const CustomerId& id, const Actor& actor) {
  MAITRED_CHECK(!vault.in_transaction());
  std::uint64_t rows = 0;
  MAITRED_TRY(vault.transact([&]() -> Status {
    MAITRED_ASSIGN(rows, take_out(vault, id, actor));
    return vault.begin_epoch();
  }));
  MAITRED_TRY(vault.load_epoch());
  MAITRED_ASSIGN(const std::uint64_t left, rows_of(vault, id));
  if (left != 0 || !vault.database().truncate_wal()) {
    return incomplete(id, "the log of the store could not be emptied");
  }
  if (!append_erasure(vault, id, true, actor.at)) {
    return incomplete(id, "the list of erasures beside the store could not be written");
  }
  Receipt receipt;
  receipt.store = vault.store_id();
  receipt.customer = id.value;
  receipt.erased_at = format_time(actor.at);
  receipt.rows = std::to_string(rows);
  receipt.epoch = std::to_string(vault.epoch());
  sign_receipt(receipt, vault.subkey(Purpose::kReceipts));
  return receipt;
}

Status erase_all(Vault& vault, const std::vector<CustomerId>& ids, const Actor& actor) {
  MAITRED_CHECK(!vault.in_transaction());
  MAITRED_TRY(vault.transact([&]() -> Status {
    for (const CustomerId& id : ids) MAITRED_TRY(take_out(vault, id, actor));
    return vault.begin_epoch();
  }));
  MAITRED_TRY(vault.load_epoch());
  return vault.database().truncate_wal();
}

}  // namespace maitred
