// When a customer is asked how it was. Pure, but for what reads the store.
#pragma once

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/store.h"
#include "maitred/types/customer.h"
#include "maitred/types/visit.h"

namespace maitred {

// A visit that nobody answered, or that had no alert, is over when the customer has not been seen
// for so long.
inline constexpr Milliseconds kVisitIsOver = std::chrono::minutes{10};

// Nothing more is to be expected of it. `alert_open`: staff may still answer its alert.
bool visit_is_over(const Visit& visit, bool alert_open, WallTime now);

// The visit is over, staff did not say that it was somebody else or nobody, and the customer agreed
// to scope feedback. Whether an answer is there already is another question.
bool feedback_is_due(const Visit& visit, bool alert_open, const Customer& customer, WallTime now);

// The same of a visit as the store has it; false once there is an answer. Errors: the store's.
Result<bool> awaits_feedback(Store& store, const Visit& visit, WallTime now);

// Visits that began longer ago ask for no feedback any more.
inline constexpr Milliseconds kFeedbackWindow = std::chrono::hours{48};

}  // namespace maitred
