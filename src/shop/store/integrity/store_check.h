// Opening everything, to see that it opens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "src/shop/store/database/database.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Reads and decrypts every row, some at a time, then compares the digests of the tables. Requires
// checked pages, and that nothing is written meanwhile. Thread-compatible; the vault must outlive
// it.
class RowCheck {
 public:
  explicit RowCheck(Vault& vault);
  ~RowCheck();
  RowCheck(const RowCheck&) = delete;
  RowCheck& operator=(const RowCheck&) = delete;

  // Works for some 10 ms. True when everything has been read and is right.
  Result<bool> step();
  std::uint64_t rows() const { return rows_; }

 private:
  // The rows of one table.
  struct Pass {
    std::string_view sql;
    std::function<Status(const Query&)> read;
  };
  Result<bool> read_some();
  Status read_customer(const Query& row);

  Vault& vault_;
  std::vector<Pass> passes_;
  std::size_t pass_ = 0;
  std::unique_ptr<Query> reading_;
  std::uint64_t rows_ = 0;
};

// See Store::check.
Result<std::uint64_t> check_rows(Vault& vault);

// The audit chain alone.
Result<std::uint64_t> check_audit(Vault& vault);

}  // namespace maitred
