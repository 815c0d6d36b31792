// The keys below the root key: the epoch key, the keys of groups, and the data keys of customers.
#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "maitred/base/check.h"
#include "vault.h"

namespace maitred {
namespace {

constexpr std::string_view kKeys = "customer_keys";
constexpr std::string_view kGroups = "key_groups";
constexpr std::string_view kSeed = "subkey_seed";

// An erasure wraps the data keys of one group and the keys of all groups again. With 256 customers
// a group, both numbers are about equal in a large store.
constexpr std::int64_t kKeysInGroup = 256;

struct WrappedKey {
  std::int64_t n = 0;
  std::string customer;  // empty for a group key
  Bytes wrapped;
};

Bytes bytes_in(ByteView view) { return {view.begin(), view.end()}; }

Result<std::vector<WrappedKey>> wrapped_keys(Query& rows) {
  std::vector<WrappedKey> keys;
  for (;;) {
    MAITRED_ASSIGN(const bool row, rows.next());
    if (!row) return keys;
    keys.push_back({rows.number(0), rows.text(1), bytes_in(rows.blob(2))});
  }
}

Result<std::vector<WrappedKey>> keys_in_group(Database& database, std::int64_t group) {
  Query rows(database, "SELECT n, customer, wrapped FROM customer_keys WHERE n >= ?1 AND n < ?2",
             group * kKeysInGroup, (group + 1) * kKeysInGroup);
  return wrapped_keys(rows);
}

Place place_of_group(std::int64_t group, std::uint64_t epoch) {
  return {kGroups, std::to_string(group), epoch};
}

// Tables sealed under the data key of a customer. Each query gives rowid, row of the place, sealed
// bytes.
struct RekeyedTable {
  std::string_view name;
  std::string_view select;
  std::string_view update;
};
constexpr std::array<RekeyedTable, 10> kRekeyed = {{
    {"customers", "SELECT n, id, sealed FROM customers WHERE id = ?1",
     "UPDATE customers SET sealed = ?2 WHERE n = ?1"},
    {"consents",
     "SELECT rowid, customer || '/' || number, sealed FROM consents WHERE customer = ?1",
     "UPDATE consents SET sealed = ?2 WHERE rowid = ?1"},
    {"entries",
     "SELECT rowid, customer || '/' || kind || '/' || number, sealed FROM entries "
     "WHERE customer = ?1",
     "UPDATE entries SET sealed = ?2 WHERE rowid = ?1"},
    {"templates",
     "SELECT rowid, customer || '/' || number, sealed FROM templates WHERE customer = ?1",
     "UPDATE templates SET sealed = ?2 WHERE rowid = ?1"},
    {"photos", "SELECT rowid, customer || '/' || number, sealed FROM photos WHERE customer = ?1",
     "UPDATE photos SET sealed = ?2 WHERE rowid = ?1"},
    {"visits", "SELECT n, id, sealed FROM visits WHERE customer = ?1",
     "UPDATE visits SET sealed = ?2 WHERE n = ?1"},
    {"alerts", "SELECT seq, visit || '/' || seq, sealed FROM alerts WHERE customer = ?1",
     "UPDATE alerts SET sealed = ?2 WHERE seq = ?1"},
    {"alert_events", "SELECT seq, seq, sealed FROM alert_events WHERE customer = ?1",
     "UPDATE alert_events SET sealed = ?2 WHERE seq = ?1"},
    {"feedback", "SELECT n, visit || '/' || number, sealed FROM feedback WHERE customer = ?1",
     "UPDATE feedback SET sealed = ?2 WHERE n = ?1"},
    {"audit_subjects", "SELECT n, n, sealed FROM audit_subjects WHERE customer = ?1",
     "UPDATE audit_subjects SET sealed = ?2 WHERE n = ?1"},
}};

}  // namespace

Result<SecretBytes> read_seed(Database& database, int schema_version, const std::string& store_id,
                              const SecretBytes& root) {
  if (schema_version < 2) return SecretBytes::copy_of(root.span());
  Query row(database, "SELECT wrapped FROM subkey_seed");
  MAITRED_ASSIGN(const bool found, row.next());
  SecretBytes seed(kKeyBytes);
  if (found && unwrap(root.span(), store_id, {kSeed, "1"}, row.blob(0), seed)) return seed;
  return environment_error(
      "store_corrupt", fmt::format("{}: row 1 of table {} is damaged or was changed: restore the "
                                   "store from a backup",
                                   database.path().string(), kSeed));
}

void Vault::forget_keys() {
  key_owner_ = CustomerId();
  key_group_ = -1;
}

Status Vault::store_group(std::int64_t group, std::uint64_t epoch, const SecretBytes& epoch_key,
                          ByteView key) {
  return Query(*database_,
               "INSERT INTO key_groups VALUES (?1, ?2) ON CONFLICT (n) DO UPDATE SET wrapped = ?2",
               group, maitred::seal(epoch_key.span(), store_id_, place_of_group(group, epoch), key))
      .run();
}

Result<ByteView> Vault::group_key(std::int64_t group) {
  if (key_group_ == group) return group_key_.span();
  key_group_ = -1;
  Query row(*database_, "SELECT wrapped FROM key_groups WHERE n = ?1", group);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found || !unwrap(epoch_key_.span(), store_id_, place_of_group(group, epoch_), row.blob(0),
                        group_key_)) {
    return corrupt(kGroups, std::to_string(group));
  }
  key_group_ = group;
  return group_key_.span();
}

Result<std::optional<std::int64_t>> Vault::key_group_of(const CustomerId& id) {
  Query row(*database_, "SELECT n FROM customer_keys WHERE customer = ?1", id.value);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return std::nullopt;
  return row.number(0) / kKeysInGroup;
}

Result<std::int64_t> Vault::last_key_group() {
  Query row(*database_, "SELECT ifnull(max(n), -1) FROM key_groups");
  MAITRED_TRY(row.next());
  return row.number(0);
}

Status Vault::make_key(const CustomerId& id) {
  Query last(*database_, "SELECT ifnull(max(n), 0) FROM customer_keys");
  MAITRED_TRY(last.next());
  const std::int64_t n = last.number(0) + 1;
  const std::int64_t group = n / kKeysInGroup;
  Query known(*database_, "SELECT 1 FROM key_groups WHERE n = ?1", group);
  MAITRED_ASSIGN(const bool group_exists, known.next());
  if (!group_exists) {
    MAITRED_TRY(store_group(group, epoch_, epoch_key_, SecretBytes::random(kKeyBytes).span()));
  }
  MAITRED_ASSIGN(const ByteView wrapping, group_key(group));
  const SecretBytes key = SecretBytes::random(kKeyBytes);
  return Query(*database_, "INSERT INTO customer_keys (n, customer, wrapped) VALUES (?1, ?2, ?3)",
               n, id.value, maitred::seal(wrapping, store_id_, {kKeys, id.value}, key.span()))
      .run();
}

Result<ByteView> Vault::data_key(const CustomerId& id) {
  // An empty owner means that no key is loaded.
  if (key_owner_ == id && !id.empty()) return key_.span();
  Query row(*database_, "SELECT n, wrapped FROM customer_keys WHERE customer = ?1", id.value);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return corrupt(kKeys, id.value);
  MAITRED_TRY(take_data_key(id, row.number(0), row.blob(1)));
  return key_.span();
}

Status Vault::take_data_key(const CustomerId& id, std::int64_t n, ByteView wrapped) {
  // unwrap writes into key_ even if it fails, so the owner is cleared first.
  key_owner_ = CustomerId();
  MAITRED_ASSIGN(const ByteView wrapping, group_key(n / kKeysInGroup));
  if (!unwrap(wrapping, store_id_, {kKeys, id.value}, wrapped, key_)) {
    return corrupt(kKeys, id.value);
  }
  key_owner_ = id;
  return {};
}

Result<Bytes> Vault::seal_for(const CustomerId& id, const Place& place, ByteView clear) {
  MAITRED_ASSIGN(const ByteView key, data_key(id));
  return maitred::seal(key, store_id_, place, clear);
}

Result<ClearBytes> Vault::open_for(const CustomerId& id, const Place& place, ByteView sealed) {
  MAITRED_ASSIGN(const ByteView key, data_key(id));
  auto clear = unseal(key, store_id_, place, sealed);
  if (!clear) return corrupt(place.table, place.row);
  return std::move(*clear);
}

Status Vault::rekey_group(std::int64_t group) {
  MAITRED_ASSIGN(const std::vector<WrappedKey> keys, keys_in_group(*database_, group));
  if (keys.empty()) {
    forget_keys();
    return Query(*database_, "DELETE FROM key_groups WHERE n = ?1", group).run();
  }
  // The data keys stay the same; only their wrapping changes, so no row of a customer is touched.
  MAITRED_ASSIGN(const ByteView old_key, group_key(group));
  const SecretBytes new_key = SecretBytes::random(kKeyBytes);
  key_owner_ = CustomerId();
  for (const WrappedKey& key : keys) {
    const Place place{kKeys, key.customer};
    if (!unwrap(old_key, store_id_, place, key.wrapped, key_)) return corrupt(kKeys, key.customer);
    MAITRED_TRY(Query(*database_, "UPDATE customer_keys SET wrapped = ?2 WHERE n = ?1", key.n,
                      maitred::seal(new_key.span(), store_id_, place, key_.span()))
                    .run());
  }
  key_group_ = -1;
  return store_group(group, epoch_, epoch_key_, new_key.span());
}

Status Vault::begin_epoch(const SecretBytes& root) {
  MAITRED_CHECK(depth_ == 1);
  std::vector<WrappedKey> groups;
  {
    Query rows(*database_, "SELECT n, '', wrapped FROM key_groups");
    MAITRED_ASSIGN(groups, wrapped_keys(rows));
  }
  SecretBytes next_key = SecretBytes::random(kKeyBytes);
  const std::uint64_t next = epoch_ + 1;
  forget_keys();
  for (const WrappedKey& group : groups) {
    if (!unwrap(epoch_key_.span(), store_id_, place_of_group(group.n, epoch_), group.wrapped,
                group_key_)) {
      return corrupt(kGroups, std::to_string(group.n));
    }
    MAITRED_TRY(store_group(group.n, next, next_key, group_key_.span()));
  }
  // This destroys the only wrapping of the old epoch key.
  MAITRED_TRY(Query(*database_, "DELETE FROM epochs").run());
  return store_epoch(next, next_key, root);
}

// Up to schema 2 the epoch key wrapped the data keys itself. Puts them into groups.
Status Vault::group_keys_of_schema2() {
  std::vector<WrappedKey> keys;
  {
    Query rows(*database_, "SELECT n, customer, wrapped FROM customer_keys ORDER BY n");
    MAITRED_ASSIGN(keys, wrapped_keys(rows));
  }
  std::int64_t group = -1;
  SecretBytes group_key;
  for (const WrappedKey& key : keys) {
    if (!unwrap(epoch_key_.span(), store_id_, {kKeys, key.customer, epoch_}, key.wrapped, key_)) {
      return corrupt(kKeys, key.customer);
    }
    if (key.n / kKeysInGroup != group) {
      group = key.n / kKeysInGroup;
      group_key = SecretBytes::random(kKeyBytes);
      MAITRED_TRY(store_group(group, epoch_, epoch_key_, group_key.span()));
    }
    MAITRED_TRY(
        Query(*database_, "UPDATE customer_keys SET wrapped = ?2 WHERE n = ?1", key.n,
              maitred::seal(group_key.span(), store_id_, {kKeys, key.customer}, key_.span()))
            .run());
  }
  forget_keys();
  return {};
}

Status Vault::store_epoch(std::uint64_t epoch, const SecretBytes& key, const SecretBytes& root) {
  return Query(*database_, "INSERT INTO epochs VALUES (?1, ?2)", epoch,
               maitred::seal(root.span(), store_id_, {"epochs", "1", epoch}, key.span()))
      .run();
}

Status Vault::store_seed(const SecretBytes& root) {
  return Query(
             *database_,
             "INSERT INTO subkey_seed VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET wrapped = ?1",
             maitred::seal(root.span(), store_id_, {kSeed, "1"}, seed_.span()))
      .run();
}

Status Vault::take_root(SecretBytes root) {
  root_ = std::move(root);
  return load_epoch();
}

Status Vault::load_epoch() {
  Query row(*database_, "SELECT epoch, wrapped, count(*) FROM epochs");
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found || row.number(2) != 1) return corrupt("epochs", "1");
  SecretBytes key(kKeyBytes);
  const std::uint64_t epoch = row.count(0);
  if (!unwrap(root_.span(), store_id_, {"epochs", "1", epoch}, row.blob(1), key)) {
    return corrupt("epochs", std::to_string(epoch));
  }
  epoch_ = epoch;
  epoch_key_ = std::move(key);
  forget_keys();
  return {};
}

Status Vault::rekey(const CustomerId& id) {
  MAITRED_TRY(data_key(id));
  const SecretBytes old_key = SecretBytes::copy_of(key_.span());
  const SecretBytes new_key = SecretBytes::random(kKeyBytes);
  struct Row {
    std::int64_t n;
    std::string name;
    Bytes sealed;
  };
  for (const RekeyedTable& table : kRekeyed) {
    std::vector<Row> rows;
    {
      Query query(*database_, table.select, id.value);
      for (;;) {
        MAITRED_ASSIGN(const bool found, query.next());
        if (!found) break;
        rows.push_back({query.number(0), query.text(1), bytes_in(query.blob(2))});
      }
    }
    for (const Row& row : rows) {
      const Place place{table.name, row.name};
      const auto clear = unseal(old_key.span(), store_id_, place, row.sealed);
      if (!clear) return corrupt(table.name, row.name);
      MAITRED_TRY(Query(*database_, table.update, row.n,
                        maitred::seal(new_key.span(), store_id_, place, *clear))
                      .run());
    }
  }
  key_owner_ = CustomerId();
  // data_key has loaded group_key_ above.
  return Query(*database_, "UPDATE customer_keys SET wrapped = ?2 WHERE customer = ?1", id.value,
               maitred::seal(group_key_.span(), store_id_, {kKeys, id.value}, new_key.span()))
      .run();
}

}  // namespace maitred
