#include "resealing.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace maitred {
namespace {

// A table whose rows are sealed under a subkey. The query gives rowid, row of the place, sealed
// bytes.
struct SeedTable {
  std::string_view name;
  Purpose purpose;
  std::string_view select;
  std::string_view update;
};
constexpr std::array<SeedTable, 5> kSeedTables = {{
    {"settings", Purpose::kSettings,
     "SELECT rowid, key, sealed FROM settings WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
     "UPDATE settings SET sealed = ?2 WHERE rowid = ?1"},
    {"staff", Purpose::kStaff,
     "SELECT n, lower(hex(name)), sealed FROM staff WHERE n > ?1 ORDER BY n LIMIT ?2",
     "UPDATE staff SET sealed = ?2 WHERE n = ?1"},
    {"tombstones", Purpose::kTombstones,
     "SELECT rowid, lower(hex(id)), sealed FROM tombstones WHERE rowid > ?1 ORDER BY rowid LIMIT "
     "?2",
     "UPDATE tombstones SET sealed = ?2 WHERE rowid = ?1"},
    {"withdrawals", Purpose::kTombstones,
     "SELECT rowid, lower(hex(id)), sealed FROM withdrawals WHERE rowid > ?1 ORDER BY rowid LIMIT "
     "?2",
     "UPDATE withdrawals SET sealed = ?2 WHERE rowid = ?1"},
    {"consent_texts", Purpose::kConsentTexts,
     "SELECT rowid, version, sealed FROM consent_texts WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
     "UPDATE consent_texts SET sealed = ?2 WHERE rowid = ?1"},
}};

struct SealedRow {
  std::int64_t rowid = 0;
  std::string name;
  Bytes sealed;
};

Result<std::vector<SealedRow>> rows_after(Vault& vault, const SeedTable& table, std::int64_t rowid,
                                          std::size_t most) {
  Query rows(vault.database(), table.select, rowid, static_cast<std::int64_t>(most));
  std::vector<SealedRow> found;
  for (;;) {
    MAITRED_ASSIGN(const bool row, rows.next());
    if (!row) return found;
    const ByteView sealed = rows.blob(2);
    found.push_back({rows.number(0), rows.text(1), {sealed.begin(), sealed.end()}});
  }
}

Status reseal_row(Vault& vault, const SeedTable& table, const SealedRow& row) {
  const Place place{table.name, row.name};
  const auto clear = vault.open(table.purpose, place, row.sealed);
  // A tombstone of schema 1 is bound to the id that was erased, so nothing can open it.
  if (!clear && table.purpose == Purpose::kTombstones) return {};
  MAITRED_TRY(clear);
  return Query(vault.database(), table.update, row.rowid, vault.seal(table.purpose, place, *clear))
      .run();
}

}  // namespace

Result<bool> reseal_some(Vault& vault, RotationState& state, std::size_t rows) {
  if (state.table >= kSeedTables.size()) return true;
  const SeedTable& table = kSeedTables[state.table];
  MAITRED_ASSIGN(const auto due, rows_after(vault, table, state.row, rows));
  for (const SealedRow& row : due) {
    MAITRED_TRY(reseal_row(vault, table, row));
    state.row = row.rowid;
  }
  if (due.size() < rows) {
    ++state.table;
    state.row = 0;
  }
  return state.table >= kSeedTables.size();
}

}  // namespace maitred
