// All customers, one after another, for what reads most of the store: its start above all.
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

// Rows of one table that belong to customers, read where they stand: mostly in the order of the
// customers, so that going to the next one costs no look-up.
class RowsInStep {
 public:
  // `from` selects the customer and more, of the rows from number ?1 on, in their order; `first`
  // the number of the first row of customer ?1, or NULL. Both literals.
  RowsInStep(Database& database, std::string_view from, std::string_view first)
      : database_(database), from_(from), first_(first) {}

  // Goes to the customer's first row, or stays on it. False: there is none.
  Result<bool> seek(const CustomerId& id);
  // To the row after this one. False: it is not the customer's.
  Result<bool> next(const CustomerId& id);
  // Where it is; after seek or next gave true.
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

// In the order of enrolment. Errors: store_corrupt, store_failed. Thread-compatible; while there is
// one the store must not be changed.
class CustomerWalk {
 public:
  explicit CustomerWalk(Vault& vault);

  // False: that was the last.
  Result<bool> next();
  const CustomerId& id() const { return id_; }
  // Without asks, purchases and appointments.
  Result<Customer> customer();
  // Rotated, of this engine, by number.
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
  std::unordered_set<std::string> renewed_;    // have more than one consent
  std::unordered_set<std::string> scattered_;  // whose templates do not stand together
};

}  // namespace maitred
