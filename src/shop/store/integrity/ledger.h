// What must fit over the whole store: counters, the end of the audit chain, a digest a table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "src/shop/store/keys/sealing.h"

namespace maitred {

// Kept sealed in one row that every transaction rewrites, and in memory.
struct Ledger {
  std::uint64_t generation = 0;  // transactions so far
  std::uint64_t last_seq = 0;    // of alerts
  std::uint64_t audit_rows = 0;
  Digest audit_link{};          // of the newest audit row
  bool witnessed = false;       // a copy of the generation is kept outside (witness.h)
  std::vector<Digest> digests;  // in the order of digested_tables()
};

ClearBytes encode(const Ledger& ledger);
// None when the bytes are no ledger.
std::optional<Ledger> decode_ledger(ByteView bytes);

// Follows every change of the digested tables, by triggers that live in this connection only: a
// table's digest is the XOR of the keyed hashes of its rows, all columns of them. So a changed,
// added, removed or replayed row shows, and keeping it costs two hashes a changed row.
// Thread-compatible; not movable, since SQLite points to it.
class RowDigests {
 public:
  RowDigests(Database& database, ByteView key) : database_(database), key_(key) {}
  RowDigests(const RowDigests&) = delete;
  RowDigests& operator=(const RowDigests&) = delete;

  // Once, before the others.
  Status attach();
  // From now on changes go into `digests`, which must stay where it is.
  Status follow(std::vector<Digest>& digests);

  // The digests of the rows of these tables as they stand.
  Result<std::vector<Digest>> compute(std::span<const std::string_view> tables);

 private:
  static void on_row(sqlite3_context* context, int count, sqlite3_value** values);

  Database& database_;
  ByteView key_;
  std::vector<Digest>* target_ = nullptr;
};

}  // namespace maitred
