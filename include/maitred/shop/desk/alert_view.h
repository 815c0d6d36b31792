// What staff see of an alert, as JSON, and the way back. The staff protocol, the board and
// `maitredctl alerts` show exactly these fields. For others see maitred/admin/views.h. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "maitred/base/result.h"
#include "maitred/types/visit.h"

namespace maitred {

// Keys in the order of the contract:
//   asks    [{"text","item","at"}]        "item" only if there is one
//   recent  [{"item","status","date"}]    absent if nothing may be shown
//   tier, note (of the customer), rule, priority ("low", "high"): only if there is one
//   position  seconds with three decimals; escalation, by, outcome: only if they apply
nlohmann::ordered_json alert_view(const Alert& alert);

// Adds the fields that say how an alert went on: escalation, by, outcome.
void add_progress(nlohmann::ordered_json& object, const Alert& alert);

// The same fields, keys in alphabetical order.
nlohmann::json to_json(const Alert& alert);

// The inverse. It also reads an update, which has no customer. Error: bad_alert (kInput).
Result<Alert> alert_from_json(const nlohmann::json& object);

}  // namespace maitred
