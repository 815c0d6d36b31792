#include "maitred/core/visit_feedback.h"

#include "maitred/consent/consent.h"

namespace maitred {

bool feedback_is_due(const Visit& visit, const Customer& customer, WallTime now) {
  if (!may(customer.consent, Scope::kFeedback, now)) return false;
  switch (visit.outcome) {
    case Outcome::kServed:
    case Outcome::kDeclined:
      return true;
    case Outcome::kWrongPerson:
    case Outcome::kNotFound:
    case Outcome::kWithdrawn:
      return false;
    case Outcome::kOpen:
      return visit.holdout && now >= visit.end + kVisitIsOver;
    case Outcome::kExpired:
      return now >= visit.end + kVisitIsOver;
  }
  return false;
}

}  // namespace maitred
