#include "ledger.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "src/shop/store/database/schema.h"

namespace maitred {
namespace {

constexpr std::uint8_t kLedgerVersion = 2;  // 1 had no flags
constexpr std::size_t kHeadBytes = 1 + 3 * 8 + 32 + 1;
// Flags.
constexpr std::uint8_t kWitnessed = 1;
constexpr std::uint8_t kListed = 2;

void put(ClearBytes& bytes, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::uint64_t get(ByteView bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t byte = 8; byte-- > 0;) value = value << 8 | bytes[offset + byte];
  return value;
}

// Type and length come first, so that no two different rows feed the hash the same bytes.
void hash_value(crypto_generichash_state& state, sqlite3_value* value) {
  std::array<std::uint8_t, 9> head{};
  const int type = sqlite3_value_type(value);
  const bool is_bytes = type == SQLITE_BLOB || type == SQLITE_TEXT;
  const auto* content =
      is_bytes ? static_cast<const std::uint8_t*>(sqlite3_value_blob(value)) : nullptr;
  const std::int64_t number = is_bytes ? sqlite3_value_bytes(value) : sqlite3_value_int64(value);
  head[0] = static_cast<std::uint8_t>(type);
  std::memcpy(head.data() + 1, &number, sizeof number);
  crypto_generichash_update(&state, head.data(), head.size());
  if (is_bytes && number > 0) {
    crypto_generichash_update(&state, content, static_cast<std::size_t>(number));
  }
}

void add_row(Digest& total, ByteView key, sqlite3_value** values, int count) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.data(), key.size(), sizeof(Digest));
  hash_value(state, values[0]);
  // values[1] is the rowid, which is no content.
  for (int index = 2; index < count; ++index) hash_value(state, values[index]);
  Digest digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  // XOR is its own inverse: a deleted row takes its digest out again.
  std::transform(total.begin(), total.end(), digest.begin(), total.begin(), std::bit_xor<>());
}

std::string joined(const std::vector<std::string>& columns, std::string_view prefix) {
  std::string text;
  for (const std::string& column : columns) text += fmt::format(", {}{}", prefix, column);
  return text;
}

}  // namespace

ClearBytes encode(const Ledger& ledger) {
  ClearBytes bytes;
  bytes.push_back(kLedgerVersion);
  put(bytes, ledger.generation);
  put(bytes, ledger.last_seq);
  put(bytes, ledger.audit_rows);
  bytes.insert(bytes.end(), ledger.audit_link.begin(), ledger.audit_link.end());
  bytes.push_back(static_cast<std::uint8_t>(ledger.digests.size()));
  bytes.push_back(static_cast<std::uint8_t>((ledger.witnessed ? kWitnessed : 0) |
                                            (ledger.listed ? kListed : 0)));
  for (const Digest& digest : ledger.digests) {
    bytes.insert(bytes.end(), digest.begin(), digest.end());
  }
  return bytes;
}

std::optional<Ledger> decode_ledger(ByteView bytes) {
  if (bytes.empty() || bytes[0] < 1 || bytes[0] > kLedgerVersion) return std::nullopt;
  const std::size_t head = kHeadBytes + (bytes[0] == kLedgerVersion ? 1 : 0);
  if (bytes.size() < head) return std::nullopt;
  Ledger ledger;
  ledger.generation = get(bytes, 1);
  ledger.last_seq = get(bytes, 9);
  ledger.audit_rows = get(bytes, 17);
  std::memcpy(ledger.audit_link.data(), bytes.data() + 25, 32);
  ledger.digests.resize(bytes[kHeadBytes - 1]);
  if (bytes[0] == kLedgerVersion) {
    const std::uint8_t flags = bytes[kHeadBytes];
    if (flags > (kWitnessed | kListed)) return std::nullopt;
    ledger.witnessed = (flags & kWitnessed) != 0;
    ledger.listed = (flags & kListed) != 0;
  }
  if (bytes.size() != head + ledger.digests.size() * sizeof(Digest)) return std::nullopt;
  for (std::size_t table = 0; table < ledger.digests.size(); ++table) {
    std::memcpy(ledger.digests[table].data(), bytes.data() + head + table * sizeof(Digest),
                sizeof(Digest));
  }
  return ledger;
}

Status RowDigests::attach() {
  const int code = sqlite3_create_function_v2(database_.handle(), "row_digest", -1, SQLITE_UTF8,
                                              this, on_row, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return database_.failure(code);
  return {};
}

Status RowDigests::follow(std::vector<Digest>& digests, std::vector<Digest>& next) {
  digests.resize(digested_tables().size());
  target_ = &digests;
  next_ = &next;
  for (std::size_t table = 0; table < digested_tables().size(); ++table) {
    const std::string_view name = digested_tables()[table];
    MAITRED_ASSIGN(const auto columns, columns_of(database_, name));
    const std::string before =
        fmt::format("row_digest({}, OLD.rowid{})", table, joined(columns, "OLD."));
    const std::string after =
        fmt::format("row_digest({}, NEW.rowid{})", table, joined(columns, "NEW."));
    MAITRED_TRY(database_.execute(fmt::format(
        "CREATE TEMP TRIGGER {0}_added AFTER INSERT ON main.{0} BEGIN SELECT {2}; END;"
        "CREATE TEMP TRIGGER {0}_removed AFTER DELETE ON main.{0} BEGIN SELECT {1}; END;"
        "CREATE TEMP TRIGGER {0}_changed AFTER UPDATE ON main.{0} BEGIN SELECT {1}, {2}; END;",
        name, before, after)));
  }
  return {};
}

Result<std::vector<Digest>> RowDigests::compute(std::span<const std::string_view> tables) {
  std::vector<Digest> digests(tables.size());
  std::vector<Digest>* const followed = std::exchange(target_, &digests);
  const ByteView next_key = std::exchange(next_key_, {});
  Status done;
  for (std::size_t table = 0; done && table < digests.size(); ++table) {
    const std::string_view name = tables[table];
    const auto columns = columns_of(database_, name);
    done = columns ? Query(database_, fmt::format("SELECT row_digest({}, rowid{}) FROM main.{}",
                                                  table, joined(*columns, ""), name))
                         .run()
                   : Status(tl::unexpected(columns.error()));
  }
  target_ = followed;
  next_key_ = next_key;
  if (!done) return tl::unexpected(done.error());
  return digests;
}

void RowDigests::begin_sweep(ByteView next_key) {
  next_key_ = next_key;
  next_->assign(digested_tables().size(), Digest{});
  passed_.assign(digested_tables().size(), std::numeric_limits<std::int64_t>::min());
  table_ = 0;
}

bool RowDigests::swept() const { return !next_key_.empty() && table_ == digested_tables().size(); }

void RowDigests::end_sweep() {
  next_key_ = {};
  next_->clear();
}

Result<bool> RowDigests::sweep(std::int64_t rows) {
  while (rows > 0 && !swept()) {
    const std::string_view name = digested_tables()[table_];
    MAITRED_ASSIGN(const auto columns, columns_of(database_, name));
    const std::string sql = fmt::format(
        "SELECT rowid, row_digest({}, rowid{}) FROM main.{} WHERE rowid > ?1 "
        "ORDER BY rowid LIMIT ?2",
        table_, joined(columns, ""), name);
    Query query(database_, sql, passed_[table_], rows);
    sweeping_ = true;
    Result<bool> found = query.next();
    for (; found && *found; found = query.next()) {
      passed_[table_] = query.number(0);
      --rows;
    }
    sweeping_ = false;
    if (!found) return found;
    if (rows == 0) return false;
    passed_[table_++] = std::numeric_limits<std::int64_t>::max();
  }
  return swept();
}

void RowDigests::on_row(sqlite3_context* context, int count, sqlite3_value** values) {
  const auto& self = *static_cast<const RowDigests*>(sqlite3_user_data(context));
  const auto table = static_cast<std::size_t>(sqlite3_value_int64(values[0]));
  if (!self.sweeping_) add_row((*self.target_)[table], self.key_, values, count);
  const bool in_next = !self.next_key_.empty() &&
                       (self.sweeping_ || sqlite3_value_int64(values[1]) <= self.passed_[table]);
  if (in_next) add_row((*self.next_)[table], self.next_key_, values, count);
  sqlite3_result_null(context);
}

}  // namespace maitred
