// Verbs: the alert rules of the shop, listed and tried out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"
#include "maitred/types/alert_rule.h"

namespace maitred {

nlohmann::json json_of(const AlertRule& rule);

namespace verbs {

struct RuleListAnswer {
  std::vector<AlertRule> rules;

  static void describe(auto& fields, auto& it) { fields.needed("rules", it.rules); }
};

struct RuleTestArgs {
  CustomerId id;
  std::optional<WallTime> at;  // none: now
  std::string camera;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.optional("at", it.at);
    fields.optional("camera", it.camera);
  }
};

struct RuleTestAnswer {
  struct Judged {
    std::string name, verdict;
    std::optional<std::string> headline;

    static void describe(auto& fields, auto& it) {
      fields.needed("name", it.name);
      fields.needed("verdict", it.verdict);
      fields.needed("headline", it.headline);
    }
  };
  CustomerId id;
  WallTime at{};
  nlohmann::json alert;  // the alert that would be raised, or null
  std::vector<Judged> rules;
  std::optional<std::string> reason;  // why no rule was asked

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("at", it.at);
    fields.needed("alert", it.alert);
    fields.needed("rules", it.rules);
    fields.if_any("reason", it.reason);
  }
};

Result<RuleListAnswer> rule_list(Shop& shop, const NoArgs& args, const Actor& actor);
// Tells which alert the customer would raise by coming in at that moment. Writes nothing.
Result<RuleTestAnswer> rule_test(Shop& shop, const RuleTestArgs& args, const Actor& actor);

std::vector<Verb> rule_verbs();

}  // namespace verbs
}  // namespace maitred
