#include "maitred/shop/desk/visit_feedback.h"

#include "maitred/shop/consent/consent.h"

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

Result<bool> awaits_feedback(Store& store, const Visit& visit, WallTime now) {
  const auto alert = store.visits().alert(visit.id);
  const bool alert_open = alert && !is_over(alert->alert.state);
  if (!visit_is_over(visit, alert_open, now)) return false;
  MAITRED_ASSIGN(const Customer customer, store.customers().find(visit.customer));
  if (!feedback_is_due(visit, alert_open, customer, now)) return false;
  MAITRED_ASSIGN(const auto answers, store.visits().feedback(visit.id));
  return answers.empty();
}

}  // namespace maitred
