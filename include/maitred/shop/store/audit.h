// The append-only audit chain: what was done, when, by whom.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace maitred {

class Vault;

// The author and the time of a change. `name` is "uid:1000", "staff:NAME", "camera:NAME" or
// "maitred".
struct Actor {
  std::string name;
  WallTime at{};
};

// A row of the chain. The subject is an id, and `detail` names what changed but not the new value.
// If the row is about a customer, or a visit of one, both are sealed under that customer's key.
// After an erasure the subject is "erased" and the detail is empty; the chain still verifies.
struct AuditRow {
  std::uint64_t number = 0;  // from 1, without a gap
  WallTime at{};
  std::string actor;
  std::string action;   // "enrol", "forget", "consent", "match", "alert", ...
  std::string subject;  // a customer or visit id, a name of staff, or empty
  std::string detail;
  bool of_customer = false;  // subject and detail are sealed under a customer's key
};

// Each row is sealed and carries a keyed hash of the row before it. The ledger keeps the number of
// rows and the last hash, so an edited, missing, moved or cut-off row is detected. Every changing
// call of the store writes its own row in its own transaction; `append` serves changes made
// elsewhere. Thread-compatible; part of a Store, which must outlive it.
class AuditChain {
 public:
  explicit AuditChain(Vault& vault) : vault_(vault) {}

  Status append(const Actor& actor, std::string_view action, std::string_view subject,
                std::string_view detail);

  // The newest `limit` rows, or all for 0, oldest first.
  Result<std::vector<AuditRow>> rows(std::size_t limit = 0) const;

  // Checks the whole chain and returns the number of rows. Error: audit_broken (kNo), naming the
  // first row that does not fit.
  Result<std::uint64_t> verify() const;

 private:
  Vault& vault_;
};

}  // namespace maitred
