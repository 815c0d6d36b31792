#include "maitred/admin/records.h"

#include "maitred/admin/views.h"
#include "maitred/shop/consent/consent.h"
#include "maitred/shop/desk/alert_view.h"
#include "maitred/shop/desk/visit_feedback.h"

namespace maitred::verbs {

Result<VisitsAnswer> visits(Shop& shop, const VisitsArgs& args, const Actor& actor) {
  VisitQuery query;
  query.since = args.since;
  if (!args.id.empty()) query.customer = args.id;
  MAITRED_ASSIGN(const auto found, shop.store().visits().list(query));
  VisitsAnswer answer;
  for (const Visit& visit : found) {
    bool due = false;
    if (visit.start >= actor.at - kFeedbackWindow) {
      MAITRED_ASSIGN(due, awaits_feedback(shop.store(), visit, actor.at));
    }
    answer.visits.push_back({admin_visit(visit), due});
  }
  return answer;
}

Result<AlertsAnswer> alerts(Shop& shop, const AlertsArgs& args, const Actor&) {
  AlertQuery query;
  query.since = args.since;
  query.only_open = args.open;
  MAITRED_ASSIGN(const auto found, shop.store().visits().alerts(query));
  AlertsAnswer answer;
  for (const StoredAlert& stored : found) answer.alerts.push_back(to_json(stored.alert));
  return answer;
}

Result<FeedbackAnswer> feedback(Shop& shop, const FeedbackArgs& args, const Actor& actor) {
  Feedback entry;
  entry.visit = args.visit;
  entry.rating = args.rating;
  entry.comment = args.comment;
  entry.at = actor.at;
  MAITRED_ASSIGN(const Visit visit, shop.store().visits().find(entry.visit));
  MAITRED_ASSIGN(const Customer customer, shop.store().customers().find(visit.customer));
  if (!may(customer.consent, Scope::kFeedback, actor.at)) {
    return input_error("scope_missing", "this customer has not agreed to scope feedback");
  }
  MAITRED_TRY(shop.store().visits().add_feedback(entry, actor));
  return FeedbackAnswer{entry.visit, entry.rating};
}

Result<AuditAnswer> audit(Shop& shop, const AuditArgs& args, const Actor&) {
  MAITRED_ASSIGN(const auto rows, shop.store().audit().rows(args.limit));
  AuditAnswer answer;
  for (const AuditRow& row : rows) {
    answer.audit.push_back({row.number, row.at, row.actor, row.action, row.subject, row.detail});
  }
  return answer;
}

Result<AuditVerifyAnswer> audit_verify(Shop& shop, const NoArgs&, const Actor&) {
  AuditVerifyAnswer answer;
  MAITRED_ASSIGN(answer.rows, shop.store().audit().verify());
  MAITRED_TRY(shop.store().check());
  return answer;
}

std::vector<Verb> record_verbs() {
  return {at_once<VisitsArgs>("visits", visits), at_once<AlertsArgs>("alerts", alerts),
          at_once<FeedbackArgs>("feedback", feedback), at_once<AuditArgs>("audit", audit),
          at_once<NoArgs>("audit_verify", audit_verify)};
}

}  // namespace maitred::verbs
