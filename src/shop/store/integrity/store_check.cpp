#include "store_check.h"

#include <fmt/format.h>

#include <functional>

#include "maitred/shop/store/consent_texts.h"
#include "maitred/shop/store/customers.h"
#include "maitred/shop/store/staff.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/rows/customer_rows.h"
#include "src/shop/store/rows/visit_rows.h"

namespace maitred {
namespace {

// Calls `read` for each row; how many there were.
Result<std::uint64_t> each_row(Vault& vault, std::string_view sql,
                               const std::function<Status(const Query&)>& read) {
  Query rows(vault.database(), sql);
  for (std::uint64_t count = 0;; ++count) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return count;
    MAITRED_TRY(read(rows));
  }
}

// Drops the value, keeps the error.
template <class Value>
Status status_of(const Result<Value>& result) {
  if (!result) return tl::unexpected(result.error());
  return {};
}

Result<std::uint64_t> check_customers(Vault& vault) {
  const Customers customers(vault);
  std::uint64_t rows = 0;
  const auto read_all = [&](const Query& row) -> Status {
    const CustomerId id(row.text(0));
    MAITRED_ASSIGN(const Customer customer, customers.find(id));
    MAITRED_ASSIGN(const auto consents, customers.consent_history(id));
    MAITRED_ASSIGN(const auto templates, customers.templates(id));
    MAITRED_ASSIGN(const auto photos, customers.photos(id));
    rows += customer.asks.size() + customer.purchases.size() + customer.appointments.size() +
            consents.size() + templates.size() + photos.size();
    return {};
  };
  MAITRED_ASSIGN(const std::uint64_t count,
                 each_row(vault, "SELECT id FROM customers ORDER BY n", read_all));
  return rows + 2 * count;  // with their keys
}

Result<std::uint64_t> check_visits(Vault& vault) {
  MAITRED_ASSIGN(const std::uint64_t visits,
                 each_row(vault, "SELECT id, customer, open, sealed FROM visits",
                          [&](const Query& row) { return status_of(read_visit_row(vault, row)); }));
  MAITRED_ASSIGN(const std::uint64_t alerts,
                 each_row(vault, "SELECT seq, visit, customer, open, sealed FROM alerts",
                          [&](const Query& row) { return status_of(read_alert_row(vault, row)); }));
  MAITRED_ASSIGN(const std::uint64_t events,
                 each_row(vault, "SELECT seq, visit, customer, sealed FROM alert_events",
                          [&](const Query& row) { return status_of(read_event_row(vault, row)); }));
  MAITRED_ASSIGN(
      const std::uint64_t feedback,
      each_row(vault, "SELECT visit, number, customer, sealed FROM feedback",
               [&](const Query& row) { return status_of(read_feedback_row(vault, row)); }));
  return visits + alerts + events + feedback;
}

Result<std::uint64_t> check_store_rows(Vault& vault) {
  MAITRED_ASSIGN(
      const std::uint64_t settings,
      each_row(vault, "SELECT key, sealed FROM settings", [&](const Query& row) {
        return status_of(vault.open(Purpose::kSettings, {"settings", row.text(0)}, row.blob(1)));
      }));
  MAITRED_ASSIGN(const auto staff, Staff(vault).list());
  MAITRED_ASSIGN(const auto texts, ConsentTexts(vault).list());
  MAITRED_ASSIGN(const std::uint64_t audit, check_audit(vault));
  return settings + staff.size() + texts.size() + audit;
}

}  // namespace

Result<std::uint64_t> check_audit(Vault& vault) {
  auto rows = AuditChain(vault).verify();
  if (rows || rows.error().code != "audit_broken") return rows;
  return environment_error(
      "store_corrupt",
      fmt::format("{}: {}: restore it from a backup", vault.path().string(), rows.error().message));
}

Result<std::uint64_t> check_rows(Vault& vault) {
  MAITRED_TRY(check_pages(vault.database()));
  // Rows first: they can say which one is wrong, the digests only in which table.
  MAITRED_ASSIGN(const std::uint64_t customers, check_customers(vault));
  MAITRED_ASSIGN(const std::uint64_t visits, check_visits(vault));
  MAITRED_ASSIGN(const std::uint64_t rest, check_store_rows(vault));
  MAITRED_TRY(vault.check_digests());
  return customers + visits + rest;
}

}  // namespace maitred
