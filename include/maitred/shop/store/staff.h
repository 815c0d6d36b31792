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
  std::vector<std::string> skills{};  // of its people: "shoes", "french"
  std::vector<std::string> zones{};   // where it stands: "ground-floor"
  bool manager = false;
  bool system = false;  // a program that uses the HTTP API, not a terminal
};

// Tokens are kept as keyed hashes, so a stolen store reveals none. Errors of every call:
// store_corrupt, store_failed. Thread-compatible; part of a Store, which must outlive it.
class Staff {
 public:
  explicit Staff(Vault& vault) : vault_(vault) {}

  // Adds a terminal and returns its token, 43 characters of base64url. The token cannot be shown
  // again. Errors: staff_exists (kInput), field_invalid (kInput).
  Result<std::string> add(const std::string& name, const Actor& actor) {
    return add(StaffMember{name}, actor);
  }
  // The same with skills, zones and role; `added` becomes the actor's time.
  Result<std::string> add(StaffMember member, const Actor& actor);
  // Error: unknown_staff (kInput).
  Status revoke(const std::string& name, const Actor& actor);
  // True if there is no terminal; systems do not count.
  Result<bool> empty() const;
  // All members, in the order in which they were added.
  Result<std::vector<StaffMember>> list() const;
  // The name of the terminal with this token, if there is one.
  Result<std::optional<std::string>> check(std::string_view token) const;
  // The terminal or system with this token, if there is one.
  Result<std::optional<StaffMember>> member(std::string_view token) const;

 private:
  Vault& vault_;
};

}  // namespace maitred
