// Values that the whole store must agree with: counters, the end of the audit chain, a digest of
// each table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "src/shop/store/keys/sealing.h"

namespace maitred {

// Kept in memory and, sealed, in one row that every transaction writes again.
struct Ledger {
  std::uint64_t generation = 0;  // transactions so far
  std::uint64_t last_seq = 0;    // of alerts
  std::uint64_t audit_rows = 0;
  Digest audit_link{};          // of the newest audit row
  bool witnessed = false;       // a witness of the generation exists (witness.h)
  bool listed = false;          // the store has every entry of the list beside it
  std::vector<Digest> digests;  // in the order of digested_tables()
  // The digests under the present seed, during a rotation to it. In memory only.
  std::vector<Digest> next_digests;
};

ClearBytes encode(const Ledger& ledger);
// Nothing if the bytes are no ledger.
std::optional<Ledger> decode_ledger(ByteView bytes);

// Keeps the digests up to date by triggers that exist in this connection only. A table's digest is
// the XOR of the keyed hashes of its rows, over all columns. So a changed, added, removed or
// replayed row is detected, at the cost of two hashes for each changed row. Thread-compatible; not
// movable, because SQLite points to it.
class RowDigests {
 public:
  RowDigests(Database& database, ByteView key) : database_(database), key_(key) {}
  RowDigests(const RowDigests&) = delete;
  RowDigests& operator=(const RowDigests&) = delete;

  // Call it once, before the other functions.
  Status attach();
  // From now on, changes update `digests` and, of rows that were swept, `next`. Both must stay at
  // their addresses.
  Status follow(std::vector<Digest>& digests, std::vector<Digest>& next);

  // The key of `digests`. Computes nothing anew.
  void use(ByteView key) { key_ = key; }

  // Moves the digests to another key in steps: a sweep adds every row to `next`. Changes of rows
  // that it has passed are followed there too.
  void begin_sweep(ByteView next_key);
  // Adds up to `rows` more rows; true when all tables are done. Requires `follow`.
  Result<bool> sweep(std::int64_t rows);
  bool swept() const;
  void end_sweep();

  // Computes the digests of the rows that these tables hold now.
  Result<std::vector<Digest>> compute(std::span<const std::string_view> tables);

 private:
  static void on_row(sqlite3_context* context, int count, sqlite3_value** values);

  Database& database_;
  ByteView key_;
  std::vector<Digest>* target_ = nullptr;

  std::vector<Digest>* next_ = nullptr;
  ByteView next_key_;                 // empty: no sweep
  std::vector<std::int64_t> passed_;  // the last rowid of each table that is in `next`
  std::size_t table_ = 0;             // that is swept
  bool sweeping_ = false;             // during the query of a sweep
};

}  // namespace maitred
