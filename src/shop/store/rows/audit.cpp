#include "maitred/shop/store/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "src/shop/store/keys/vault.h"

namespace maitred {
namespace {

constexpr std::string_view kAuditTable = "audit";

Digest link_of(const Vault& vault, const Digest& before, std::uint64_t number, ByteView sealed) {
  Bytes message(before.begin(), before.end());
  const std::string text = std::to_string(number) + "|";
  message.insert(message.end(), text.begin(), text.end());
  message.insert(message.end(), sealed.begin(), sealed.end());
  return keyed_hash(vault.subkey(Purpose::kAuditLink), message);
}

Result<AuditRow> read_row(Vault& vault, const Query& row) {
  const std::uint64_t number = row.count(0);
  const Place place{kAuditTable, std::to_string(number)};
  MAITRED_ASSIGN(const ClearBytes clear, vault.open(Purpose::kAudit, place, row.blob(1)));
  auto entry = decode_record<AuditRow>(clear);
  if (!entry || entry->number != number) return vault.corrupt(kAuditTable, place.row);
  return std::move(*entry);
}

tl::unexpected<Error> broken(const std::string& how) {
  return clean_no("audit_broken", "the audit chain does not fit: " + how);
}

}  // namespace

Status AuditChain::append(const Actor& actor, std::string_view action, std::string_view subject,
                          std::string_view detail) {
  return vault_.transact([&]() -> Status {
    Ledger& ledger = vault_.ledger();
    AuditRow row{ledger.audit_rows + 1, actor.at,           actor.name, std::string(action),
                 std::string(subject),  std::string(detail)};
    MAITRED_ASSIGN(const ClearBytes clear, encode_record(row));
    const Bytes sealed =
        vault_.seal(Purpose::kAudit, {kAuditTable, std::to_string(row.number)}, clear);
    // Each link covers the one before, so no row can be changed, removed or reordered alone.
    const Digest link = link_of(vault_, ledger.audit_link, row.number, sealed);
    MAITRED_TRY(Query(vault_.database(), "INSERT INTO audit VALUES (?1, ?2, ?3)", row.number,
                      sealed, ByteView(link))
                    .run());
    ledger.audit_rows = row.number;
    ledger.audit_link = link;
    return {};
  });
}

Result<std::vector<AuditRow>> AuditChain::rows(std::size_t limit) const {
  Query query(vault_.database(), "SELECT n, sealed FROM audit ORDER BY n DESC LIMIT ?1",
              limit == 0 ? std::int64_t{-1} : static_cast<std::int64_t>(limit));
  std::vector<AuditRow> rows;
  for (;;) {
    MAITRED_ASSIGN(const bool found, query.next());
    if (!found) break;
    MAITRED_ASSIGN(AuditRow row, read_row(vault_, query));
    rows.push_back(std::move(row));
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

Result<std::uint64_t> AuditChain::verify() const {
  Query query(vault_.database(), "SELECT n, sealed, link FROM audit ORDER BY n");
  Digest before{};
  std::uint64_t number = 0;
  for (;;) {
    MAITRED_ASSIGN(const bool found, query.next());
    if (!found) break;
    ++number;
    if (query.count(0) != number) return broken(fmt::format("row {} is missing", number));
    // Each link covers the one before, so no row can be changed, removed or reordered alone.
    const Digest link = link_of(vault_, before, number, query.blob(1));
    const ByteView stored = query.blob(2);
    if (!std::equal(stored.begin(), stored.end(), link.begin(), link.end()) ||
        !read_row(vault_, query)) {
      return broken(fmt::format("row {} was changed or moved", number));
    }
    before = link;
  }
  // The chain alone cannot show that its end was cut off; the ledger holds number and link of the
  // end.
  const Ledger& ledger = vault_.ledger();
  if (number < ledger.audit_rows) {
    return broken(fmt::format("row {} is missing: it ends after row {} of {}", number + 1, number,
                              ledger.audit_rows));
  }
  if (number > ledger.audit_rows || before != ledger.audit_link) {
    return broken(fmt::format("row {} was added or changed", number));
  }
  return number;
}

}  // namespace maitred
