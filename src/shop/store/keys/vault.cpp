#include "vault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "maitred/base/check.h"
#include "src/shop/store/database/raw_settings.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/rows/audit_subjects.h"

namespace maitred {
Vault::Vault(std::unique_ptr<Database> database, std::string store_id, SecretBytes root,
             SecretBytes seed)
    : database_(std::move(database)),
      store_id_(std::move(store_id)),
      seed_(std::move(seed)),
      subkeys_(seed_),
      ring_(KeyRing::of_first(subkeys_)),
      rotation_(SecretBytes::copy_of(ring_.rotation())),
      digests_(*database_, subkeys_.of(Purpose::kDigest)),
      root_(std::move(root)),
      key_(kKeyBytes),
      group_key_(kKeyBytes) {}

Status Vault::begin() {
  MAITRED_TRY(digests_.attach());
  // The rows of meta and key_slots were written before the triggers existed.
  MAITRED_ASSIGN(ledger_.digests, digests_.compute(digested_tables()));
  MAITRED_TRY(follow());
  epoch_key_ = SecretBytes::random(kKeyBytes);
  MAITRED_TRY(store_epoch(1, epoch_key_, root_));
  MAITRED_TRY(store_seed(root_));
  epoch_ = 1;
  return save_ledger();
}

Status Vault::unlock() {
  MAITRED_TRY(load_epoch());
  MAITRED_TRY(load_ring());
  MAITRED_TRY(load_former());
  MAITRED_TRY(load_ledger());
  return digests_.attach();
}

Status Vault::check_digests(int schema_version) {
  return check_digests(digested_tables(schema_version));
}

Status Vault::load(int schema_version) {
  MAITRED_TRY(unlock());
  MAITRED_TRY(check_digests(schema_version));
  return raise(schema_version);
}

Status Vault::load_ledger() {
  Query row(*database_, "SELECT sealed FROM ledger");
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return corrupt("ledger", "1");
  MAITRED_ASSIGN(const ClearBytes clear, open(Purpose::kLedger, {"ledger", "1"}, row.blob(0)));
  std::optional<Ledger> ledger = decode_ledger(clear);
  if (!ledger) return corrupt("ledger", "1");
  ledger_ = std::move(*ledger);
  return {};
}

Status Vault::raise(int from) {
  if (from == kSchemaVersion) return {};
  // One transaction: a crash leaves the old schema or the new one, never a mixture.
  return transact([&]() -> Status {
    MAITRED_TRY(raise_schema(*database_, from));
    if (from < 2) MAITRED_TRY(store_seed(root_));
    if (from < 3) MAITRED_TRY(group_keys_of_schema2());
    if (from < 4) MAITRED_TRY(rewrite_raw_settings(*this));
    if (from < 5) MAITRED_TRY(seal_audit_subjects(*this));
    MAITRED_ASSIGN(ledger_.digests, digests_.compute(digested_tables()));
    return {};
  });
}

Status Vault::check_digests() { return check_digests(digested_tables()); }

Status Vault::check_digests(std::span<const std::string_view> tables) {
  if (ledger_.digests.size() != tables.size()) return corrupt("ledger", "1");
  MAITRED_ASSIGN(const std::vector<Digest> found, digests_.compute(tables));
  for (std::size_t table = 0; table < found.size(); ++table) {
    if (found[table] == ledger_.digests[table]) continue;
    return environment_error(
        "store_corrupt",
        fmt::format("rows of table {} in {} were changed, added or removed by another program: "
                    "restore it from a backup",
                    tables[table], database_->path().string()));
  }
  return {};
}

Status Vault::transact(const std::function<Status()>& work) {
  // A rollback must undo the ledger in memory too.
  const Ledger before = ledger_;
  const bool outermost = depth_ == 0;
  MAITRED_TRY(database_->execute(outermost ? "BEGIN IMMEDIATE" : "SAVEPOINT inner"));
  const int changes = sqlite3_total_changes(database_->handle());
  ++depth_;
  Status done = work();
  --depth_;
  // Only the outermost transaction counts as a generation, and only if it changed a row.
  if (done && outermost && changes != sqlite3_total_changes(database_->handle())) {
    done = save_ledger();
    if (done) done = database_->check_in_place();
  }
  if (done) done = database_->execute(outermost ? "COMMIT" : "RELEASE inner");
  if (!done) undo(before);
  if (done && outermost && on_commit_ && ledger_.generation != before.generation) {
    on_commit_(ledger_.generation);
  }
  return done;
}

Status Vault::keep_ledger() {
  // Any change of a row makes transact write the ledger.
  return transact([this] { return Query(*database_, "UPDATE ledger SET one = 1").run(); });
}

void Vault::undo(const Ledger& before) {
  // This fails only if SQLite has rolled back by itself already.
  static_cast<void>(
      database_->execute(depth_ == 0 ? "ROLLBACK" : "ROLLBACK TO inner; RELEASE inner"));
  ledger_ = before;
  forget_keys();
}

Bytes Vault::blind(Purpose purpose, std::string_view text) const {
  const ByteView key = purpose == Purpose::kTokens       ? ring_.tokens()
                       : purpose == Purpose::kTombstones ? ring_.erased()
                                                         : subkey(purpose);
  const Digest digest = keyed_hash(key, text);
  return {digest.begin(), digest.end()};
}

Bytes Vault::former_blind(Purpose purpose, std::string_view text) const {
  if (!former_) return blind(purpose, text);
  const Digest digest = keyed_hash(former_->subkeys.of(purpose), text);
  return {digest.begin(), digest.end()};
}

Bytes Vault::seal(Purpose purpose, const Place& place, ByteView clear) const {
  return maitred::seal(subkey(purpose), store_id_, place, clear);
}

Result<ClearBytes> Vault::open(Purpose purpose, const Place& place, ByteView sealed) const {
  auto clear = unseal(subkey(purpose), store_id_, place, sealed);
  if (!clear && former_) clear = unseal(former_->subkeys.of(purpose), store_id_, place, sealed);
  if (!clear) return corrupt(place.table, place.row);
  return std::move(*clear);
}

Status Vault::save_ledger() {
  ++ledger_.generation;
  return Query(*database_,
               "INSERT INTO ledger VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET sealed = ?1",
               seal(Purpose::kLedger, {"ledger", "1"}, encode(ledger_)))
      .run();
}

tl::unexpected<Error> Vault::corrupt(std::string_view table, std::string_view row) const {
  return environment_error(
      "store_corrupt", fmt::format("{}: row {} of table {} is damaged or was changed: restore the "
                                   "store from a backup",
                                   database_->path().string(), row, table));
}

}  // namespace maitred
