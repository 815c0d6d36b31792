// When a customer is asked how it was. Pure.
#pragma once

#include "maitred/base/time.h"
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

}  // namespace maitred
