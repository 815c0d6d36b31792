#include "store_check.h"

#include <fmt/format.h>

#include <chrono>

#include "maitred/shop/store/consent_texts.h"
#include "maitred/shop/store/customers.h"
#include "maitred/shop/store/staff.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/rows/customer_rows.h"
#include "src/shop/store/rows/visit_rows.h"

namespace maitred {
namespace {

// Drops the value, keeps the error.
template <class Value>
Status status_of(const Result<Value>& result) {
  if (!result) return tl::unexpected(result.error());
  return {};
}

// For a `read_row` of the store: drops what it read.
template <class ReadRow>
auto reads(Vault& vault, ReadRow read_row) {
  return [&vault, read_row](const Query& row) { return status_of(read_row(vault, row)); };
}

}  // namespace

Result<std::uint64_t> check_audit(Vault& vault) {
  auto rows = AuditChain(vault).verify();
  if (rows || rows.error().code != "audit_broken") return rows;
  return environment_error(
      "store_corrupt",
      fmt::format("{}: {}: restore it from a backup", vault.path().string(), rows.error().message));
}

// Rows first: they can say which one is wrong, the digests only in which table.
RowCheck::RowCheck(Vault& vault)
    : vault_(vault),
      passes_{
          {"SELECT id FROM customers ORDER BY n",
           [this](const Query& row) { return read_customer(row); }},
          {"SELECT id, customer, open, sealed FROM visits", reads(vault, read_visit_row)},
          {"SELECT seq, visit, customer, open, sealed FROM alerts", reads(vault, read_alert_row)},
          {"SELECT seq, visit, customer, sealed FROM alert_events", reads(vault, read_event_row)},
          {"SELECT visit, number, customer, sealed FROM feedback", reads(vault, read_feedback_row)},
          {"SELECT key, sealed FROM settings", [&vault](const Query& row) {
             return status_of(
                 vault.open(Purpose::kSettings, {"settings", row.text(0)}, row.blob(1)));
           }}} {}

RowCheck::~RowCheck() = default;

Status RowCheck::read_customer(const Query& row) {
  const Customers customers(vault_);
  const CustomerId id(row.text(0));
  MAITRED_ASSIGN(const Customer customer, customers.find(id));
  MAITRED_ASSIGN(const auto consents, customers.consent_history(id));
  MAITRED_ASSIGN(const auto templates, customers.templates(id));
  MAITRED_ASSIGN(const auto photos, customers.photos(id));
  rows_ += customer.asks.size() + customer.purchases.size() + customer.appointments.size() +
           consents.size() + templates.size() + photos.size() + 1;  // and the key
  return {};
}

// True when every table has been read.
Result<bool> RowCheck::read_some() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
  while (pass_ < passes_.size()) {
    const Pass& pass = passes_[pass_];
    if (!reading_) reading_ = std::make_unique<Query>(vault_.database(), pass.sql);
    MAITRED_ASSIGN(const bool found, reading_->next());
    if (found) {
      ++rows_;
      MAITRED_TRY(pass.read(*reading_));
    } else {
      reading_.reset();
      ++pass_;
    }
    if (std::chrono::steady_clock::now() >= end) return false;
  }
  return true;
}

Result<bool> RowCheck::step() {
  MAITRED_ASSIGN(const bool all, read_some());
  if (!all) return false;
  MAITRED_ASSIGN(const auto staff, Staff(vault_).list());
  MAITRED_ASSIGN(const auto texts, ConsentTexts(vault_).list());
  MAITRED_ASSIGN(const std::uint64_t audit, check_audit(vault_));
  rows_ += staff.size() + texts.size() + audit;
  MAITRED_TRY(vault_.check_digests());
  return true;
}

Result<std::uint64_t> check_rows(Vault& vault) {
  MAITRED_TRY(check_pages(vault.database()));
  RowCheck check(vault);
  for (;;) {
    MAITRED_ASSIGN(const bool all, check.step());
    if (all) return check.rows();
  }
}

}  // namespace maitred
