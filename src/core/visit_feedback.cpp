#include "maitred/core/visit_feedback.h"

#include "maitred/consent/consent.h"

namespace maitred {

bool visit_is_over(const Visit& visit, bool alert_open, WallTime now) {
  if (alert_open) return false;
  const bool unanswered = visit.outcome == Outcome::kOpen || visit.outcome == Outcome::kExpired;
  return !unanswered || now >= visit.end + kVisitIsOver;
}

bool feedback_is_due(const Visit& visit, bool alert_open, const Customer& customer, WallTime now) {
  if (!visit_is_over(visit, alert_open, now)) return false;
  if (!may(customer.consent, Scope::kFeedback, now)) return false;
  return visit.outcome != Outcome::kWrongPerson && visit.outcome != Outcome::kNotFound &&
         visit.outcome != Outcome::kWithdrawn;
}

}  // namespace maitred
