// When a customer is asked for feedback on a visit.
#pragma once

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/store.h"
#include "maitred/types/customer.h"
#include "maitred/types/visit.h"

namespace maitred {

// A visit without an answer of staff is over when the customer has not been seen for this long.
inline constexpr Milliseconds kVisitIsOver = std::chrono::minutes{10};

// True if the visit is over. `alert_open` says that staff may still answer its alert. Pure.
bool visit_is_over(const Visit& visit, bool alert_open, WallTime now);

// True if the visit is over, staff did not report another person or nobody, and the customer agreed
// to scope feedback. An answer may exist already. Pure.
bool feedback_is_due(const Visit& visit, bool alert_open, const Customer& customer, WallTime now);

// The same for a visit of the store; false once it has an answer. Errors: those of the store.
Result<bool> awaits_feedback(Store& store, const Visit& visit, WallTime now);

// A visit that began longer ago asks for no feedback.
inline constexpr Milliseconds kFeedbackWindow = std::chrono::hours{48};

}  // namespace maitred
