// Staff terminals and their tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"

namespace maitred {

class Vault;

struct StaffMember {
  std::string name;
  WallTime added{};
  std::vector<std::string> skills{};  // what its people know: "shoes", "french"
  std::vector<std::string> zones{};   // where it is: "ground-floor"
  bool manager = false;
  bool system = false;  // no terminal, but a program that uses the HTTP API
};

// Tokens are kept as keyed hashes, so a stolen store gives none away. Errors: store_corrupt,
// store_failed. Thread-compatible; part of a Store and not to outlive it.
class Staff {
 public:
  explicit Staff(Vault& vault) : vault_(vault) {}

  // The token, 43 characters of base64url; it cannot be shown again.
  // Errors: staff_exists (kInput), field_invalid (kInput).
  Result<std::string> add(const std::string& name, const Actor& actor) {
    return add(StaffMember{name}, actor);
  }
  // The same with skills, zones and role; `added` becomes the actor's time.
  Result<std::string> add(StaffMember member, const Actor& actor);
  // Error: unknown_staff (kInput).
  Status revoke(const std::string& name, const Actor& actor);
  // Whether there is no terminal; systems do not count.
  Result<bool> empty() const;
  // In order of being added.
  Result<std::vector<StaffMember>> list() const;
  // Whose token it is, if it is one of a terminal.
  Result<std::optional<std::string>> check(std::string_view token) const;
  // Whose token it is, terminal or system, with all that is known of it.
  Result<std::optional<StaffMember>> member(std::string_view token) const;

 private:
  Vault& vault_;
};

}  // namespace maitred
