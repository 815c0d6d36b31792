#include "customer_walk.h"

#include <algorithm>

#include "customer_faces.h"
#include "customer_rows.h"

namespace maitred {
namespace {

// Requires a query that an index answers alone, so that no row is read.
Result<std::unordered_set<std::string>> customers_in(Database& database, std::string_view sql) {
  Query rows(database, sql);
  std::unordered_set<std::string> customers;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return customers;
    customers.insert(rows.text(0));
  }
}

}  // namespace

Status RowsInStep::step() {
  MAITRED_ASSIGN(at_row_, rows_->next());
  return {};
}

Result<bool> RowsInStep::seek(const CustomerId& id) {
  if (is_at(id)) return true;
  Query first(database_, first_, id.value);
  MAITRED_TRY(first.next());
  const std::int64_t number = first.number(0);  // 0 for NULL: there is no such row
  if (number == 0) return false;
  at_row_ = false;
  rows_.emplace(database_, from_, number);
  MAITRED_TRY(step());
  return is_at(id);
}

Result<bool> RowsInStep::next(const CustomerId& id) {
  MAITRED_TRY(step());
  return is_at(id);
}

CustomerWalk::CustomerWalk(Vault& vault)
    : vault_(vault),
      customers_(vault.database(), "SELECT id, sealed FROM customers ORDER BY n"),
      keys_(vault.database(),
            "SELECT customer, n, wrapped FROM customer_keys WHERE n >= ?1 ORDER BY n",
            "SELECT n FROM customer_keys WHERE customer = ?1"),
      consents_(vault.database(),
                "SELECT customer, number, sealed FROM consents WHERE rowid >= ?1 ORDER BY rowid",
                "SELECT min(rowid) FROM consents WHERE customer = ?1"),
      templates_(vault.database(),
                 "SELECT customer, number, engine, sealed FROM templates WHERE rowid >= ?1 "
                 "ORDER BY rowid",
                 "SELECT min(rowid) FROM templates WHERE customer = ?1") {}

Status CustomerWalk::begin() {
  MAITRED_ASSIGN(renewed_,
                 customers_in(vault_.database(), "SELECT customer FROM consents WHERE number > 1"));
  MAITRED_ASSIGN(scattered_, customers_in(vault_.database(),
                                          "SELECT customer FROM templates GROUP BY customer "
                                          "HAVING max(rowid) - min(rowid) <> count(*) - 1"));
  begun_ = true;
  return {};
}

Result<bool> CustomerWalk::next() {
  if (!begun_) MAITRED_TRY(begin());
  MAITRED_ASSIGN(const bool found, customers_.next());
  if (!found) return false;
  id_ = CustomerId(customers_.text(0));
  MAITRED_TRY(take_key());
  return true;
}

Status CustomerWalk::take_key() {
  MAITRED_ASSIGN(const bool found, keys_.seek(id_));
  if (!found) return vault_.corrupt("customer_keys", id_.value);
  MAITRED_TRY(vault_.take_data_key(id_, keys_.row().number(1), keys_.row().blob(2)));
  MAITRED_TRY(keys_.next(id_));
  return {};
}

Result<Consent> CustomerWalk::consent() {
  if (renewed_.contains(id_.value)) return read_consent(vault_, id_);
  MAITRED_ASSIGN(const bool found, consents_.seek(id_));
  if (!found) return vault_.corrupt("consents", row_of(id_, 1));
  auto consent = vault_.read_for<Consent>(id_, {"consents", row_of(id_, consents_.row().count(1))},
                                          consents_.row().blob(2));
  MAITRED_TRY(consents_.next(id_));
  return consent;
}

Result<Customer> CustomerWalk::customer() {
  MAITRED_ASSIGN(CustomerRecord record, read_customer_record(vault_, id_, customers_.blob(1)));
  MAITRED_ASSIGN(Consent agreed, consent());
  return assemble(id_, std::move(record), std::move(agreed));
}

Result<std::vector<Template>> CustomerWalk::templates(std::string_view engine) {
  std::vector<Template> found;
  if (scattered_.contains(id_.value)) {
    MAITRED_ASSIGN(found, read_templates(vault_, id_));
    std::erase_if(found, [engine](const Template& one) { return one.engine() != engine; });
    return found;
  }
  MAITRED_ASSIGN(bool is_theirs, templates_.seek(id_));
  while (is_theirs) {
    const Query& row = templates_.row();
    if (row.text(2) == engine) {
      const Place place{"templates", row_of(id_, row.count(1))};
      MAITRED_ASSIGN(Template rotated, vault_.read_for<Template>(id_, place, row.blob(3)));
      if (rotated.engine() != engine) return vault_.corrupt(place.table, place.row);
      found.push_back(std::move(rotated));
    }
    MAITRED_ASSIGN(is_theirs, templates_.next(id_));
  }
  return found;
}

}  // namespace maitred
