// Verbs: staff terminals, other systems, and their tokens.
#pragma once

#include <string>
#include <vector>

#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct StaffAddArgs {
  std::string name;
  std::vector<std::string> skills, zones;
  bool manager = false;
  bool system = false;  // another system, for the HTTP API; it gets no alerts

  static void describe(auto& fields, auto& it) {
    fields.needed("name", it.name);
    fields.optional("skills", it.skills);
    fields.optional("zones", it.zones);
    fields.optional("manager", it.manager);
    fields.optional("system", it.system);
  }
};

struct StaffAddAnswer {
  std::string name;
  std::string token;  // shown once

  static void describe(auto& fields, auto& it) {
    fields.needed("name", it.name);
    fields.needed("token", it.token);
  }
};

struct StaffRevokeArgs {
  std::string name;

  static void describe(auto& fields, auto& it) { fields.needed("name", it.name); }
};

struct StaffRevokeAnswer {
  std::string name;
  bool revoked = true;

  static void describe(auto& fields, auto& it) {
    fields.needed("name", it.name);
    fields.needed("revoked", it.revoked);
  }
};

struct StaffListAnswer {
  struct Row {
    std::string name;
    WallTime added{};
    std::vector<std::string> skills, zones;
    bool manager = false, system = false;

    static void describe(auto& fields, auto& it) {
      fields.needed("name", it.name);
      fields.needed("added", it.added);
      fields.needed("skills", it.skills);
      fields.needed("zones", it.zones);
      fields.needed("manager", it.manager);
      fields.needed("system", it.system);
    }
  };
  std::vector<Row> staff;

  static void describe(auto& fields, auto& it) { fields.needed("staff", it.staff); }
};

// Errors: bad_usage (kInput); those of Staff::add.
Result<StaffAddAnswer> staff_add(Shop& shop, const StaffAddArgs& args, const Actor& actor);
Result<StaffRevokeAnswer> staff_revoke(Shop& shop, const StaffRevokeArgs& args, const Actor& actor);
Result<StaffListAnswer> staff_list(Shop& shop, const NoArgs& args, const Actor& actor);

std::vector<Verb> staff_verbs();

}  // namespace maitred::verbs
