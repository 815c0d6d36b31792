// Rules of the shop: which arrival raises which alert, for whom. Values; evaluated by
// visits/alert_rules.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/time.h"
#include "maitred/types/visit.h"

namespace maitred {

enum class RuleWhen {
  kAsk,          // an open ask
  kOutOfStock,   // what the customer wanted last was not in store
  kAppointment,  // one within `within` from now, before or after
  kTier,         // of this tier, or of any
  kArrival,      // always
};
// "ask", "out_of_stock", "appointment", "tier", "arrival".
std::string_view word(RuleWhen when);
std::optional<RuleWhen> rule_when_from_word(std::string_view text);

// Minutes of the shop's day; `to` before `from` passes midnight. The last minute is not in it.
struct QuietHours {
  int from_min = 0;
  int to_min = 0;

  // "22:00-07:30"; nothing for anything else, or when both are the same.
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
  std::optional<QuietHours> quiet{};  // then it is as if it were not there
  Milliseconds snooze{0};             // after it raised an alert of this customer: not again
};

// What stands in braces in a headline: "{name}", "{ask}", "{item}", "{tier}", "{loyalty}",
// "{with}", "{time}", "{camera}", "{preference:KEY}". The first one in `headline` that is none of
// them or is not closed; nothing when all are good.
std::optional<std::string> unknown_placeholder(std::string_view headline);

}  // namespace maitred
