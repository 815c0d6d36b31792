#include "schema.h"

#include <fmt/format.h>

#include <array>

namespace maitred {
namespace {

constexpr int kApplicationId = 0x4d495444;  // "MITD", in the file's header

// Version 1. Random ids, numbers and the engine of a template stand in clear. Everything else is
// sealed or a keyed hash. src/shop/store/README.md describes every column.
constexpr const char* kSchema = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE key_slots (
  slot INTEGER PRIMARY KEY, kind TEXT NOT NULL, salt BLOB NOT NULL, operations INTEGER NOT NULL,
  memory INTEGER NOT NULL, proof BLOB NOT NULL, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE epochs (epoch INTEGER PRIMARY KEY, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT;

CREATE TABLE customers (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, loyalty BLOB UNIQUE,
  sealed BLOB NOT NULL) STRICT;
CREATE TABLE customer_keys (
  n INTEGER PRIMARY KEY,
  customer TEXT NOT NULL UNIQUE REFERENCES customers (id) ON DELETE CASCADE,
  wrapped BLOB NOT NULL) STRICT;
CREATE TABLE consents (
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  number INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (customer, number)) STRICT;
CREATE TABLE entries (
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  kind TEXT NOT NULL, number INTEGER NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (customer, kind, number)) STRICT;
CREATE TABLE templates (
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  number INTEGER NOT NULL, engine TEXT NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (customer, number)) STRICT;
CREATE TABLE photos (
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  number INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (customer, number)) STRICT;

CREATE TABLE visits (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  open INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE INDEX visits_by_customer ON visits (customer);
CREATE INDEX visits_open ON visits (n) WHERE open = 1;
CREATE TABLE alerts (
  seq INTEGER PRIMARY KEY, visit TEXT NOT NULL UNIQUE,
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  open INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE INDEX alerts_by_customer ON alerts (customer);
CREATE INDEX alerts_open ON alerts (seq) WHERE open = 1;
CREATE TABLE alert_events (
  seq INTEGER PRIMARY KEY, visit TEXT NOT NULL,
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  sealed BLOB NOT NULL) STRICT;
CREATE INDEX alert_events_by_customer ON alert_events (customer);
CREATE INDEX alert_events_by_visit ON alert_events (visit);
CREATE TABLE feedback (
  n INTEGER PRIMARY KEY, visit TEXT NOT NULL, number INTEGER NOT NULL,
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  sealed BLOB NOT NULL, UNIQUE (visit, number)) STRICT;
CREATE INDEX feedback_by_customer ON feedback (customer);

CREATE TABLE settings (key TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE staff (
  n INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, token BLOB NOT NULL UNIQUE,
  sealed BLOB NOT NULL) STRICT;
CREATE TABLE tombstones (id BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE audit (n INTEGER PRIMARY KEY, sealed BLOB NOT NULL, link BLOB NOT NULL) STRICT;
)sql";

// The change from each version to the next; the first one leads to version 2.
constexpr std::array<const char*, 4> kMigrations = {R"sql(
ALTER TABLE key_slots ADD COLUMN public_key BLOB NOT NULL DEFAULT x'';
ALTER TABLE key_slots ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE key_slots ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
CREATE TABLE subkey_seed (
  one INTEGER PRIMARY KEY CHECK (one = 1), wrapped BLOB NOT NULL) STRICT;
CREATE TABLE withdrawals (id BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE consent_texts (version TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
)sql",
                                                    R"sql(
CREATE TABLE key_groups (n INTEGER PRIMARY KEY, wrapped BLOB NOT NULL) STRICT;
)sql",
                                                    // Version 4 has the same tables: it changed
                                                    // what some settings hold (raw_settings.h).
                                                    "",
                                                    R"sql(
CREATE TABLE audit_subjects (
  n INTEGER PRIMARY KEY,
  customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  sealed BLOB NOT NULL) STRICT;
CREATE INDEX audit_subjects_by_customer ON audit_subjects (customer);
)sql"};
static_assert(kMigrations.size() == kSchemaVersion - 1);

constexpr std::array<std::string_view, 21> kDigested = {
    "meta",          "key_slots",  "epochs",        "customers",  "customer_keys", "consents",
    "entries",       "templates",  "photos",        "visits",     "alerts",        "alert_events",
    "feedback",      "settings",   "staff",         "tombstones", "subkey_seed",   "withdrawals",
    "consent_texts", "key_groups", "audit_subjects"};

// The number of digested tables in a file of this version.
std::size_t digested_count(int version) {
  constexpr std::array<std::size_t, kSchemaVersion> kDigestedBefore = {16, 19, 20, 20,
                                                                       kDigested.size()};
  return kDigestedBefore.at(static_cast<std::size_t>(version) - 1);
}

// The file's whole schema as one text.
Result<std::string> schema_text(Database& database) {
  Query rows(database,
             "SELECT type, name, tbl_name, ifnull(sql, '') FROM main.sqlite_schema ORDER BY 1, 2");
  std::string text;
  for (;;) {
    MAITRED_ASSIGN(const bool row, rows.next());
    if (!row) return text;
    text += fmt::format("{} {} {} {}\n", rows.text(0), rows.text(1), rows.text(2), rows.text(3));
  }
}

// The same for a new store of this version.
Result<std::string> make_schema_text(int version) {
  MAITRED_ASSIGN(const auto reference, Database::open(":memory:", Database::Mode::kCreate));
  MAITRED_TRY(create_schema(*reference, version));
  return schema_text(*reference);
}

// The newest one is computed once.
Result<std::string> expected_schema(int version) {
  if (version != kSchemaVersion) return make_schema_text(version);
  static const Result<std::string> newest = make_schema_text(kSchemaVersion);
  return newest;
}

Result<std::int64_t> pragma(Database& database, std::string_view literal) {
  Query query(database, literal);
  MAITRED_TRY(query.next());
  return query.number(0);
}

}  // namespace

std::span<const std::string_view> digested_tables() { return kDigested; }

std::span<const std::string_view> digested_tables(int version) {
  return digested_tables().first(digested_count(version));
}

Status create_schema(Database& database, int version) {
  MAITRED_TRY(database.execute(
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, version)));
  MAITRED_TRY(database.execute(kSchema));
  for (int reached = 1; reached < version; ++reached) {
    MAITRED_TRY(database.execute(kMigrations[static_cast<std::size_t>(reached) - 1]));
  }
  return {};
}

Status raise_schema(Database& database, int from) {
  for (int reached = from; reached < kSchemaVersion; ++reached) {
    MAITRED_TRY(database.execute(kMigrations[static_cast<std::size_t>(reached) - 1]));
  }
  return database.execute(fmt::format("PRAGMA user_version={}", kSchemaVersion));
}

Result<int> check_schema(Database& database) {
  const std::string file = database.path().string();
  MAITRED_ASSIGN(const std::int64_t application, pragma(database, "PRAGMA application_id"));
  MAITRED_ASSIGN(const std::int64_t version, pragma(database, "PRAGMA user_version"));
  if (application != kApplicationId) {
    return environment_error("store_corrupt",
                             fmt::format("{} is a database, but not a store of maitred", file));
  }
  if (version > kSchemaVersion) {
    return environment_error(
        "store_too_new",
        fmt::format("{} was written by a newer maitred (schema {}, this program knows {}): install "
                    "the newer version",
                    file, version, kSchemaVersion));
  }
  const auto other_tables = [&] {
    return environment_error(
        "store_corrupt",
        fmt::format("the tables of {} are not those of a store: restore it from a backup", file));
  };
  if (version < 1) return other_tables();
  MAITRED_ASSIGN(const std::string expected, expected_schema(static_cast<int>(version)));
  MAITRED_ASSIGN(const std::string found, schema_text(database));
  if (found != expected) return other_tables();
  return static_cast<int>(version);
}

Status check_pages(Database& database) {
  Query check(database, "PRAGMA integrity_check(1)");
  MAITRED_ASSIGN(const bool row, check.next());
  if (row && check.text(0) == "ok") return {};
  return environment_error("store_corrupt", fmt::format("{} is damaged: restore it from a backup",
                                                        database.path().string()));
}

Result<std::vector<std::string>> columns_of(Database& database, std::string_view table) {
  Query query(database, "SELECT name FROM pragma_table_info(?1) ORDER BY cid", table);
  std::vector<std::string> names;
  for (;;) {
    MAITRED_ASSIGN(const bool row, query.next());
    if (!row) return names;
    names.push_back(query.text(0));
  }
}

}  // namespace maitred
