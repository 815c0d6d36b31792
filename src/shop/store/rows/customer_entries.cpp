// Customers: asks, purchases and appointments, and the rule of retention.
#include <fmt/format.h>

#include <algorithm>

#include "customer_rows.h"
#include "maitred/shop/store/customers.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestAsk = 500;
constexpr std::size_t kLongestItem = 100;

Place place_of(const CustomerId& id, std::string_view kind, std::uint64_t number) {
  return {"entries", fmt::format("{}/{}/{}", id.value, kind, number)};
}

// Assigns the entry its number and writes it, with the audit row.
template <class Entry>
Result<Entry> add_entry(Vault& vault, const CustomerId& id, std::string_view kind, Entry entry,
                        const Actor& actor) {
  const Status done = vault.transact([&]() -> Status {
    MAITRED_TRY(read_customer_record(vault, id));
    Query last(vault.database(),
               "SELECT ifnull(max(number), 0) FROM entries WHERE customer = ?1 AND kind = ?2",
               id.value, kind);
    MAITRED_TRY(last.next());
    entry.number = last.count(0) + 1;
    MAITRED_ASSIGN(const Bytes sealed,
                   vault.write_for(id, place_of(id, kind, entry.number), entry));
    MAITRED_TRY(Query(vault.database(), "INSERT INTO entries VALUES (?1, ?2, ?3, ?4)", id.value,
                      kind, entry.number, sealed)
                    .run());
    return AuditChain(vault).append(actor, kind, id.value,
                                    fmt::format("{} {}", kind, entry.number));
  });
  MAITRED_TRY(done);
  return entry;
}

Status write_closed(Vault& vault, const CustomerId& id, Ask ask) {
  ask.open = false;
  MAITRED_ASSIGN(const Bytes sealed, vault.write_for(id, place_of(id, "ask", ask.number), ask));
  return Query(
             vault.database(),
             "UPDATE entries SET sealed = ?3 WHERE customer = ?1 AND kind = 'ask' AND number = ?2",
             id.value, ask.number, sealed)
      .run();
}

}  // namespace

Result<Ask> Customers::add_ask(const CustomerId& id, Ask ask, const Actor& actor) {
  MAITRED_TRY(check_text("ask", ask.text, kLongestAsk, false));
  MAITRED_TRY(check_text("item", ask.item, kLongestItem, true));
  MAITRED_TRY(check_text("external id", ask.external, kLongestExternal, true));
  return add_entry(vault_, id, "ask", std::move(ask), actor);
}

Result<Purchase> Customers::add_purchase(const CustomerId& id, Purchase purchase,
                                         const Actor& actor) {
  MAITRED_TRY(check_text("item", purchase.item, kLongestItem, false));
  MAITRED_TRY(check_text("status", purchase.status, kLongestItem, false));
  MAITRED_TRY(check_text("external id", purchase.external, kLongestExternal, true));
  return add_entry(vault_, id, "purchase", std::move(purchase), actor);
}

Result<Appointment> Customers::add_appointment(const CustomerId& id, Appointment appointment,
                                               const Actor& actor) {
  MAITRED_TRY(check_text("advisor's name", appointment.with, kLongestItem, false));
  MAITRED_TRY(check_text("external id", appointment.external, kLongestExternal, true));
  return add_entry(vault_, id, "appointment", std::move(appointment), actor);
}

Result<std::uint64_t> Customers::close_asks(const CustomerId& id, const Actor& actor) {
  std::uint64_t closed = 0;
  const Status done = vault_.transact([&]() -> Status {
    MAITRED_ASSIGN(const Customer customer, read_customer(vault_, id));
    for (const Ask& ask : customer.asks) {
      if (!ask.open) continue;
      MAITRED_TRY(write_closed(vault_, id, ask));
      ++closed;
    }
    if (closed == 0) return {};
    return AuditChain(vault_).append(actor, "ask", id.value, fmt::format("{} asks closed", closed));
  });
  MAITRED_TRY(done);
  return closed;
}

Status Customers::bring_back(const CustomerId& id, const Actor& actor) {
  return vault_.transact([&]() -> Status {
    MAITRED_ASSIGN(CustomerRecord record, read_customer_record(vault_, id));
    const WallTime latest = actor.at + kFurthestAhead;
    if (record.enrolled > latest) record.enrolled = actor.at;
    if (record.last_visit && *record.last_visit > latest) record.last_visit = actor.at;
    MAITRED_TRY(write_customer_record(vault_, id, record));
    return AuditChain(vault_).append(actor, "retention", id.value,
                                     "a last visit or an enrolment in the future set to now");
  });
}

bool is_ahead(const CustomerSummary& customer, WallTime now) {
  return std::max(customer.enrolled, customer.last_visit.value_or(customer.enrolled)) >
         now + kFurthestAhead;
}

bool is_due(const CustomerSummary& customer, WallTime now, const RetentionTerms& terms) {
  const WallTime last = customer.last_visit.value_or(customer.enrolled);
  const bool expired = customer.expires.has_value() && *customer.expires <= now;
  const bool left = customer.withdrawn.has_value() && terms.after_withdrawal.has_value() &&
                    now - *customer.withdrawn > *terms.after_withdrawal;
  return expired || left || now - last > terms.after_visit;
}

}  // namespace maitred
