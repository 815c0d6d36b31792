// Which rule of the shop raises an alert when a customer arrives, and what it says. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/alert_rule.h"
#include "maitred/types/customer.h"
#include "maitred/types/visit.h"

namespace maitred {

// An alert that a rule raised for this customer before.
struct RuleUse {
  std::string rule;
  WallTime at{};
};

// Borrows all of it for the call.
struct RuleFacts {
  const CustomerView& customer;  // within the consent scopes
  std::span<const Appointment> appointments;
  std::string_view camera;
  WallTime now{};
  Milliseconds utc_offset{0};  // of the shop's clock, for quiet hours and "{time}"
  std::span<const RuleUse> uses;
};

enum class RuleVerdict {
  kRaises,
  kDoesNotApply,
  kQuiet,     // it would, but for its quiet hours
  kSnoozed,   // it would, but it has lately
  kPreceded,  // it would, but an earlier rule does
};
// "raises", "does_not_apply", "quiet", "snoozed", "preceded".
std::string_view word(RuleVerdict verdict);

// What a rule that applies raises.
struct RuleAlert {
  Reason reason = Reason::kArrival;
  std::string headline;  // one line, UTF-8, at most kHeadlineBytes; never empty
  std::string rule;
  Priority priority = Priority::kNormal;
  Audience audience;
};

struct RuleJudgement {
  RuleVerdict verdict = RuleVerdict::kDoesNotApply;
  std::optional<RuleAlert> alert;  // of every rule that applies, whether or not it raises it
};

// One judgement a rule, in their order; at most one of them raises.
std::vector<RuleJudgement> judge_rules(std::span<const AlertRule> rules, const RuleFacts& facts);

// The alert of the rule that raises one, if there is one.
std::optional<RuleAlert> apply_rules(std::span<const AlertRule> rules, const RuleFacts& facts);

}  // namespace maitred
