// Rules of the shop: which arrival raises which alert for whom. Values; visits/alert_rules.h
// evaluates them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/time.h"
#include "maitred/types/visit.h"

namespace maitred {

enum class RuleWhen {
  kAsk,          // an open ask
  kOutOfStock,   // an item that the customer wanted was not in store
  kAppointment,  // an appointment no further than `within` from now, before or after
  kTier,         // this tier of the loyalty programme, or any
  kArrival,      // always
};
// "ask", "out_of_stock", "appointment", "tier", "arrival".
std::string_view word(RuleWhen when);
std::optional<RuleWhen> rule_when_from_word(std::string_view text);

// Minutes of the shop's day; the span passes midnight if `to` is before `from`. `to` is excluded.
struct QuietHours {
  int from_min = 0;
  int to_min = 0;

  // Reads "22:00-07:30"; nothing for anything else, or if both times are the same.
  static std::optional<QuietHours> parse(std::string_view text);
  bool cover(int minute_of_day) const;
};

struct AlertRule {
  std::string name;
  RuleWhen when = RuleWhen::kArrival;
  Milliseconds within = std::chrono::hours{2};  // kAppointment
  std::string tier{};                           // kTier; empty: any member of the programme
  std::string headline{};                       // see unknown_placeholder; empty: the usual one
  Priority priority = Priority::kNormal;
  Audience audience{};
  std::optional<QuietHours> quiet{};  // the rule is ignored during these hours
  Milliseconds snooze{0};             // time after an alert for a customer without another one
};

// Returns the first placeholder of `headline` that is unknown or not closed; nothing if all are
// good. Placeholders are "{name}", "{ask}", "{item}", "{tier}", "{loyalty}", "{with}", "{time}",
// "{camera}" and
// "{preference:KEY}".
std::optional<std::string> unknown_placeholder(std::string_view headline);

}  // namespace maitred
