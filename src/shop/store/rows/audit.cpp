#include "maitred/shop/store/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "audit_links.h"
#include "audit_subjects.h"
#include "maitred/base/file.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {
namespace {

constexpr std::string_view kAuditTable = "audit";
constexpr std::string_view kSubjectTable = "audit_subjects";
constexpr const char* kErased = "erased";

Digest link_of(ByteView key, const Digest& before, std::uint64_t number, ByteView sealed) {
  Bytes message(before.begin(), before.end());
  const std::string text = std::to_string(number) + "|";
  message.insert(message.end(), text.begin(), text.end());
  message.insert(message.end(), sealed.begin(), sealed.end());
  return keyed_hash(key, message);
}

// The key that links a row: during a rotation, rows that it has not reached keep the former one.
ByteView link_key(const Vault& vault, std::uint64_t number) {
  const auto& former = vault.former();
  const bool moved = !former || former->chain_moved || number <= former->relinked;
  return moved ? vault.subkey(Purpose::kAuditLink) : former->subkeys.of(Purpose::kAuditLink);
}

bool fits(ByteView stored, const Digest& link) {
  return std::equal(stored.begin(), stored.end(), link.begin(), link.end());
}

// The customer whom a row is about, directly or through a visit, if there is one.
Result<std::optional<CustomerId>> customer_of(Vault& vault, std::string_view subject) {
  if (subject.empty()) return std::nullopt;
  Query known(vault.database(),
              "SELECT id FROM customers WHERE id = ?1 "
              "UNION ALL SELECT customer FROM visits WHERE id = ?1",
              subject);
  MAITRED_ASSIGN(const bool found, known.next());
  if (!found) return std::nullopt;
  return CustomerId(known.text(0));
}

Place subject_place(std::uint64_t number) { return {kSubjectTable, std::to_string(number)}; }

// Moves subject and detail of the row to its customer.
Status give_to_customer(Vault& vault, AuditRow& row, const CustomerId& customer) {
  MAITRED_ASSIGN(const Bytes sealed, vault.write_for(customer, subject_place(row.number),
                                                     AuditSubject{std::exchange(row.subject, {}),
                                                                  std::exchange(row.detail, {})}));
  row.of_customer = true;
  return Query(vault.database(), "INSERT INTO audit_subjects VALUES (?1, ?2, ?3)", row.number,
               customer.value, sealed)
      .run();
}

Status read_subject(Vault& vault, AuditRow& row) {
  Query about(vault.database(), "SELECT customer, sealed FROM audit_subjects WHERE n = ?1",
              row.number);
  MAITRED_ASSIGN(const bool found, about.next());
  if (!found) {
    row.subject = kErased;
    return {};
  }
  MAITRED_ASSIGN(const AuditSubject read,
                 vault.read_for<AuditSubject>(CustomerId(about.text(0)), subject_place(row.number),
                                              about.blob(1)));
  row.subject = read.subject;
  row.detail = read.detail;
  return {};
}

Result<AuditRow> read_row(Vault& vault, const Query& row) {
  const std::uint64_t number = row.count(0);
  const Place place{kAuditTable, std::to_string(number)};
  MAITRED_ASSIGN(const ClearBytes clear, vault.open(Purpose::kAudit, place, row.blob(1)));
  auto entry = decode_record<AuditRow>(clear);
  if (!entry || entry->number != number) return vault.corrupt(kAuditTable, place.row);
  if (entry->of_customer) MAITRED_TRY(read_subject(vault, *entry));
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
    MAITRED_ASSIGN(const auto customer, customer_of(vault_, subject));
    if (customer) MAITRED_TRY(give_to_customer(vault_, row, *customer));
    MAITRED_ASSIGN(const ClearBytes clear, encode_record(row));
    const Bytes sealed =
        vault_.seal(Purpose::kAudit, {kAuditTable, std::to_string(row.number)}, clear);
    // Each link covers the one before, so no row can be changed, removed or reordered alone.
    const Digest link =
        link_of(link_key(vault_, row.number), ledger.audit_link, row.number, sealed);
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
    const auto& former = vault_.former();
    if (former && !former->chain_moved && number == former->relinked + 1) before = former->link;
    const Digest link = link_of(link_key(vault_, number), before, number, query.blob(1));
    if (!fits(query.blob(2), link) || !read_row(vault_, query)) {
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

namespace {

struct LinkedRow {
  std::uint64_t number = 0;
  Bytes sealed;
  Bytes link;
};

Result<std::vector<LinkedRow>> rows_after(Vault& vault, std::uint64_t number, std::size_t most) {
  Query rows(vault.database(), "SELECT n, sealed, link FROM audit WHERE n > ?1 ORDER BY n LIMIT ?2",
             number, static_cast<std::int64_t>(most));
  std::vector<LinkedRow> found;
  for (;;) {
    MAITRED_ASSIGN(const bool row, rows.next());
    if (!row) return found;
    const ByteView sealed = rows.blob(1);
    const ByteView link = rows.blob(2);
    found.push_back({rows.count(0), {sealed.begin(), sealed.end()}, {link.begin(), link.end()}});
  }
}

// The present link of the row before the first one that is due.
Result<Digest> present_link(Vault& vault, std::uint64_t number) {
  Digest link{};
  if (number == 0) return link;
  Query row(vault.database(), "SELECT link FROM audit WHERE n = ?1", number);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found || row.blob(0).size() != link.size()) {
    return vault.corrupt(kAuditTable, std::to_string(number));
  }
  std::ranges::copy(row.blob(0), link.begin());
  return link;
}

Place place_of(const LinkedRow& row) { return {kAuditTable, std::to_string(row.number)}; }

// Opens row `number` of the chain and moves `before`, the link of the row before it, on to it. A
// row that was changed must not be made to fit.
Result<ClearBytes> open_linked(Vault& vault, const LinkedRow& row, std::uint64_t number,
                               ByteView key, Digest& before) {
  before = link_of(key, before, row.number, row.sealed);
  const Place place = place_of(row);
  if (row.number != number || !fits(row.link, before)) return vault.corrupt(place.table, place.row);
  return vault.open(Purpose::kAudit, place, row.sealed);
}

// Seals the row again and links it to `link`, which moves on to it.
Status link_again(Vault& vault, const LinkedRow& row, ByteView clear, ByteView key, Digest& link) {
  const Bytes sealed = vault.seal(Purpose::kAudit, place_of(row), clear);
  link = link_of(key, link, row.number, sealed);
  return Query(vault.database(), "UPDATE audit SET sealed = ?2, link = ?3 WHERE n = ?1", row.number,
               sealed, ByteView(link))
      .run();
}

// Takes what the row says about a customer out of it.
Status take_subject_out(Vault& vault, const ErasureList& known, AuditRow& row) {
  MAITRED_ASSIGN(const auto customer, customer_of(vault, row.subject));
  if (customer) return give_to_customer(vault, row, *customer);
  const std::string index = to_hex(erasure_index(vault, CustomerId(row.subject)));
  if (row.action == "forget") {
    row.subject = index;
  } else if (known.erased.contains(index) || row.action == "alert" || row.action == "feedback") {
    // The customer, or the one of the visit, is erased.
    row.of_customer = true;
    row.subject.clear();
    row.detail.clear();
  }
  return {};
}

}  // namespace

std::optional<Digest> old_link_of(const RotationState& state) {
  Digest link{};
  if (state.link.empty()) return link;
  const auto bytes = from_base64(state.link);
  if (!bytes || bytes->size() != link.size()) return std::nullopt;
  std::ranges::copy(*bytes, link.begin());
  return link;
}

Status relink_some(Vault& vault, RotationState& state, std::size_t rows) {
  const ByteView old_key = vault.former()->subkeys.of(Purpose::kAuditLink);
  const ByteView new_key = vault.subkey(Purpose::kAuditLink);
  Ledger& ledger = vault.ledger();
  Digest before = *old_link_of(state);
  MAITRED_ASSIGN(Digest link, present_link(vault, state.relinked));
  MAITRED_ASSIGN(const auto due, rows_after(vault, state.relinked, rows));
  for (const LinkedRow& row : due) {
    MAITRED_ASSIGN(const ClearBytes clear,
                   open_linked(vault, row, state.relinked + 1, old_key, before));
    MAITRED_TRY(link_again(vault, row, clear, new_key, link));
    state.relinked = row.number;
  }
  state.link = to_base64(before);
  if (due.size() == rows && state.relinked < ledger.audit_rows) return {};
  if (state.relinked != ledger.audit_rows || before != ledger.audit_link) {
    return vault.corrupt(kAuditTable, std::to_string(state.relinked + 1));
  }
  ledger.audit_link = link;
  state.chain_moved = true;
  return {};
}

Status seal_audit_subjects(Vault& vault) {
  constexpr std::size_t kMigratedAtOnce = 500;
  MAITRED_ASSIGN(const ErasureList known, erasures_of(vault));
  Ledger& ledger = vault.ledger();
  Digest before{};
  Digest link{};
  for (std::uint64_t done = 0; done < ledger.audit_rows;) {
    MAITRED_ASSIGN(const auto due, rows_after(vault, done, kMigratedAtOnce));
    if (due.empty()) return vault.corrupt(kAuditTable, std::to_string(done + 1));
    for (const LinkedRow& row : due) {
      const ByteView key = link_key(vault, row.number);
      const auto& former = vault.former();
      // Rows that a rotation has not reached are linked by themselves.
      if (former && !former->chain_moved && row.number == former->relinked + 1) {
        before = link = former->link;
      }
      MAITRED_ASSIGN(const ClearBytes old, open_linked(vault, row, ++done, key, before));
      auto entry = decode_record<AuditRow>(old);
      if (!entry) return vault.corrupt(kAuditTable, place_of(row).row);
      MAITRED_TRY(take_subject_out(vault, known, *entry));
      MAITRED_ASSIGN(const ClearBytes clear, encode_record(*entry));
      MAITRED_TRY(link_again(vault, row, clear, key, link));
    }
  }
  if (before != ledger.audit_link) {
    return vault.corrupt(kAuditTable, std::to_string(ledger.audit_rows));
  }
  ledger.audit_link = link;
  return {};
}

}  // namespace maitred
