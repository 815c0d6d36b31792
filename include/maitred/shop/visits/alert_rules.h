// Decides which rule of the shop raises an alert when a customer arrives, and what it says. Pure.
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

// An earlier alert that a rule raised for this customer.
struct RuleUse {
  std::string rule;
  WallTime at{};
};

// The facts that rules judge by; borrowed for the call.
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
  kQuiet,     // it applies, but its quiet hours are on
  kSnoozed,   // it applies, but it raised an alert a short time ago
  kPreceded,  // it applies, but an earlier rule raises the alert
};
// "raises", "does_not_apply", "quiet", "snoozed", "preceded".
std::string_view word(RuleVerdict verdict);

// The alert of a rule that applies.
struct RuleAlert {
  Reason reason = Reason::kArrival;
  std::string headline;  // one line, UTF-8, at most kHeadlineBytes; never empty
  std::string rule;
  Priority priority = Priority::kNormal;
  Audience audience;
};

struct RuleJudgement {
  RuleVerdict verdict = RuleVerdict::kDoesNotApply;
  std::optional<RuleAlert> alert;  // there for every rule that applies, also if it is not raised
};

// Returns one judgement a rule, in the order of the rules; at most one raises an alert.
std::vector<RuleJudgement> judge_rules(std::span<const AlertRule> rules, const RuleFacts& facts);

// Returns the alert that is raised, if there is one.
std::optional<RuleAlert> apply_rules(std::span<const AlertRule> rules, const RuleFacts& facts);

}  // namespace maitred
