// Visits all customers one after another, for callers that read most of the store, such as its
// start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/customer.h"
#include "maitred/types/template.h"
#include "src/shop/store/database/database.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Rows of one table that belong to customers, read in the order in which they are stored. That is
// mostly the order of the customers, so the next customer's rows need no query.
class RowsInStep {
 public:
  // `from` selects the customer and other columns of the rows from number ?1 on, in order. `first`
  // selects the number of the first row of customer ?1, or NULL. Requires literals.
  RowsInStep(Database& database, std::string_view from, std::string_view first)
      : database_(database), from_(from), first_(first) {}

  // Goes to the customer's first row, or stays on it. False if there is none.
  Result<bool> seek(const CustomerId& id);
  // Goes to the next row. False if it is not the customer's.
  Result<bool> next(const CustomerId& id);
  // The present row. Requires that seek or next returned true.
  const Query& row() const { return *rows_; }

 private:
  Status step();
  bool is_at(const CustomerId& id) const { return at_row_ && rows_->text(0) == id.value; }

  Database& database_;
  std::string_view from_;
  std::string_view first_;
  std::optional<Query> rows_;
  bool at_row_ = false;
};

// Goes through the customers in the order of enrolment. Errors: store_corrupt, store_failed.
// Thread-compatible; the store must not change during the walk.
class CustomerWalk {
 public:
  explicit CustomerWalk(Vault& vault);

  // Goes to the next customer. False after the last.
  Result<bool> next();
  const CustomerId& id() const { return id_; }
  // Without asks, purchases and appointments.
  Result<Customer> customer();
  // The rotated templates of this engine, ordered by number.
  Result<std::vector<Template>> templates(std::string_view engine);

 private:
  Status begin();
  Status take_key();
  Result<Consent> consent();

  Vault& vault_;
  bool begun_ = false;
  CustomerId id_;
  Query customers_;
  RowsInStep keys_;
  RowsInStep consents_;
  RowsInStep templates_;
  std::unordered_set<std::string> renewed_;    // customers with more than one consent
  std::unordered_set<std::string> scattered_;  // customers whose templates are not adjacent
};

}  // namespace maitred
