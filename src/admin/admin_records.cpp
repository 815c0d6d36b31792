// Consent, erasure, recognition at a desk, and what happened.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "maitred/admin/admin.h"
#include "maitred/admin/admin_fields.h"
#include "maitred/admin/views.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/shop/consent/consent.h"
#include "maitred/shop/desk/alert_view.h"
#include "maitred/shop/desk/visit_feedback.h"

namespace maitred {

using nlohmann::json;

Result<json> Admin::consent_show(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const auto history, shop_.store().customers().consent_history(id));
  json consents = json::array();
  for (const Consent& consent : history) consents.push_back(admin_consent(consent, actor.at));
  return json{{"id", id.value},
              {"consent", consents.empty() ? json(nullptr) : consents.back()},
              {"history", consents}};
}

Result<json> Admin::consent_renew(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  ConsentRenewal renewal;
  MAITRED_ASSIGN(renewal.version, text_field(args, "version"));
  MAITRED_ASSIGN(renewal.reference, text_field(args, "reference"));
  MAITRED_ASSIGN(renewal.expires, time_field(args, "expires"));
  MAITRED_ASSIGN(std::set<Scope> scopes, scopes_field(args));
  if (!scopes.empty()) {
    scopes.insert(Scope::kRecognition);
    renewal.scopes = std::move(scopes);
  }
  MAITRED_ASSIGN(const Consent renewed, renew_consent(customer.consent, renewal, actor.at));
  MAITRED_TRY(shop_.store().together([&]() -> Status {
    Customers& customers = shop_.store().customers();
    MAITRED_TRY(customers.set_consent(id, renewed, actor, "renewed"));
    // What is no longer agreed to goes.
    if (!renewed.scopes.contains(Scope::kPhotos)) {
      MAITRED_ASSIGN(const std::uint64_t kept, customers.photo_count(id));
      if (kept > 0) MAITRED_TRY(customers.replace_photos(id, {}, actor));
    }
    if (!renewed.scopes.contains(Scope::kTemplateImprovement)) {
      MAITRED_ASSIGN(const std::uint64_t learned, customers.learned_count(id));
      if (learned > 0) MAITRED_TRY(customers.forget_learned(id, actor));
    }
    return {};
  }));
  MAITRED_TRY(shop_.customer_changed(id));
  json warnings = json::array();
  MAITRED_TRY(warn_of_missing_text(renewed.version, warnings));
  return json{{"id", id.value},
              {"consent", admin_consent(renewed, actor.at)},
              {"warnings", std::move(warnings)}};
}

Result<json> Admin::consent_withdraw(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_TRY(shop_.desk().withdraw(id, actor));
  MAITRED_TRY(shop_.customer_changed(id));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  return json{{"id", id.value},
              {"consent", admin_consent(customer.consent, actor.at)},
              {"erased_by", format_time(actor.at + shop_.privacy().after_withdrawal)}};
}

Result<json> Admin::forget(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  auto receipt = shop_.desk().forget(id, actor);
  // The gallery follows even when only the log of the database could not be emptied.
  MAITRED_TRY(shop_.customer_changed(id));
  if (!receipt) return tl::unexpected(receipt.error());
  return json{{"erased", true}, {"id", id.value}, {"receipt", json::parse(receipt_text(*receipt))}};
}

Result<json> Admin::receipt(const json& args, const Actor&) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const Receipt receipt, shop_.store().receipt_of(id));
  return json{{"id", id.value}, {"receipt", json::parse(receipt_text(receipt))}};
}

namespace {

Result<HeldOnCustomer> record_of(Store& store, const CustomerId& id) {
  HeldOnCustomer record;
  MAITRED_ASSIGN(record.customer, store.customers().find(id));
  MAITRED_ASSIGN(record.consents, store.customers().consent_history(id));
  MAITRED_ASSIGN(record.visits, store.visits().list(VisitQuery{id, {}, false, 0}));
  AlertQuery query;
  query.customer = id;
  MAITRED_ASSIGN(auto alerts, store.visits().alerts(query));
  for (StoredAlert& stored : alerts) record.alerts.push_back(std::move(stored.alert));
  for (const Visit& visit : record.visits) {
    MAITRED_ASSIGN(auto answers, store.visits().feedback(visit.id));
    for (Feedback& answer : answers) record.feedback.push_back(std::move(answer));
  }
  MAITRED_ASSIGN(record.templates, store.customers().templates(id));
  MAITRED_ASSIGN(record.learned, store.customers().learned_count(id));
  MAITRED_ASSIGN(record.photos, store.customers().photos(id));
  return record;
}

}  // namespace

Result<json> Admin::export_customer(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const std::string reference, needed_text(args, "id"));
  MAITRED_ASSIGN(const CustomerId id, shop_.customer_named(reference));
  MAITRED_ASSIGN(const HeldOnCustomer record, record_of(shop_.store(), id));
  MAITRED_TRY(shop_.store().audit().append(actor, "export", id.value, ""));
  return export_view(record, actor.at);
}

namespace {

// Of all photos together: false when one of them is a picture of a face, true when all are live,
// null where that is not known.
json liveness_of(const json& args) {
  json live = nullptr;
  for (const json& report : args["photos"]) {
    const auto one = report.find("live");
    if (one == report.end() || !one->is_boolean()) continue;
    if (!one->get<bool>()) return false;
    live = true;
  }
  return live;
}

}  // namespace

Result<json> Admin::identify(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(Recognition * recognition, shop_.recognition());
  MAITRED_ASSIGN(const auto photos,
                 templates_field(args, recognition->engine(), recognition->template_length()));
  const json live = liveness_of(args);
  if (live == false) {
    MAITRED_TRY(shop_.store().audit().append(actor, "identify", "", "not live"));
    return json{{"match", false}, {"live", false}};
  }
  MAITRED_ASSIGN(const auto found, recognition->identify(photos));
  if (!found) return json{{"match", false}};
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(found->customer));
  if (!may(customer.consent, Scope::kRecognition, actor.at)) return json{{"match", false}};
  MAITRED_TRY(shop_.store().audit().append(actor, "identify", customer.id.value, "match"));
  return json{{"match", true},
              {"id", customer.id.value},
              {"name", customer.profile.name},
              {"confidence", word(found->confidence)},
              {"live", live},
              {"appointment", due_appointment_json(customer, actor.at)}};
}

Result<json> Admin::verify(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  if (!may(customer.consent, Scope::kRecognition, actor.at)) {
    return input_error("consent_missing",
                       fmt::format("customer {} may not be compared: the consent has ended or was "
                                   "withdrawn",
                                   id.value));
  }
  MAITRED_ASSIGN(Recognition * recognition, shop_.recognition());
  MAITRED_ASSIGN(const auto photos,
                 templates_field(args, recognition->engine(), recognition->template_length()));
  const json live = liveness_of(args);
  MAITRED_ASSIGN(const bool same, recognition->verify(id, photos));
  const bool verified = same && live != false;
  MAITRED_TRY(shop_.store().audit().append(actor, "verify", id.value,
                                           verified        ? "yes"
                                           : live == false ? "not live"
                                                           : "no"));
  json answer = {{"verified", verified}, {"live", live}};
  if (verified) {
    answer["name"] = customer.profile.name;
    answer["appointment"] = due_appointment_json(customer, actor.at);
  }
  return answer;
}

Result<json> Admin::visits(const json& args, const Actor& actor) {
  VisitQuery query;
  MAITRED_ASSIGN(query.since, time_field(args, "since"));
  MAITRED_ASSIGN(const std::string id, text_field(args, "id"));
  if (!id.empty()) query.customer = CustomerId(id);
  MAITRED_ASSIGN(const auto visits, shop_.store().visits().list(query));
  json rows = json::array();
  for (const Visit& visit : visits) {
    json row = admin_visit(visit);
    bool due = false;
    if (visit.start >= actor.at - kFeedbackWindow) {
      MAITRED_ASSIGN(due, awaits_feedback(shop_.store(), visit, actor.at));
    }
    row["feedback_due"] = due;
    rows.push_back(std::move(row));
  }
  return json{{"visits", std::move(rows)}};
}

Result<json> Admin::alerts(const json& args, const Actor&) {
  AlertQuery query;
  MAITRED_ASSIGN(query.since, time_field(args, "since"));
  query.only_open = args.value("open", false);
  MAITRED_ASSIGN(const auto alerts, shop_.store().visits().alerts(query));
  json rows = json::array();
  for (const StoredAlert& stored : alerts) rows.push_back(to_json(stored.alert));
  return json{{"alerts", std::move(rows)}};
}

Result<json> Admin::feedback(const json& args, const Actor& actor) {
  Feedback feedback;
  MAITRED_ASSIGN(std::string visit, needed_text(args, "visit"));
  feedback.visit = VisitId(std::move(visit));
  feedback.rating = args.at("rating").get<int>();
  MAITRED_ASSIGN(feedback.comment, text_field(args, "comment"));
  feedback.at = actor.at;
  MAITRED_ASSIGN(const Visit held, shop_.store().visits().find(feedback.visit));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(held.customer));
  if (!may(customer.consent, Scope::kFeedback, actor.at)) {
    return input_error("scope_missing", "this customer has not agreed to scope feedback");
  }
  MAITRED_TRY(shop_.store().visits().add_feedback(feedback, actor));
  return json{{"visit", feedback.visit.value}, {"rating", feedback.rating}};
}

Result<json> Admin::audit(const json& args, const Actor&) {
  MAITRED_ASSIGN(const auto rows, shop_.store().audit().rows(args.value("limit", std::size_t{0})));
  json list = json::array();
  for (const AuditRow& row : rows) {
    list.push_back({{"row", row.number},
                    {"at", format_time(row.at)},
                    {"actor", row.actor},
                    {"action", row.action},
                    {"subject", row.subject},
                    {"detail", row.detail}});
  }
  return json{{"audit", std::move(list)}};
}

Result<json> Admin::audit_verify(const json&, const Actor&) {
  MAITRED_ASSIGN(const std::uint64_t rows, shop_.store().audit().verify());
  MAITRED_TRY(shop_.store().check());
  return json{{"ok", true}, {"rows", rows}};
}

Result<json> Admin::staff_add(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const std::string name, needed_text(args, "name"));
  StaffMember member{name};
  MAITRED_ASSIGN(member.skills, list_field(args, "skills"));
  MAITRED_ASSIGN(member.zones, list_field(args, "zones"));
  member.manager = args.value("manager", false);
  member.system = args.value("system", false);
  if (member.system && (member.manager || !member.skills.empty() || !member.zones.empty())) {
    return input_error("bad_usage", "a system has no skill, zone or role: it gets no alerts");
  }
  MAITRED_ASSIGN(const std::string token, shop_.store().staff().add(std::move(member), actor));
  return json{{"name", name}, {"token", token}};
}

Result<json> Admin::staff_revoke(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const std::string name, needed_text(args, "name"));
  MAITRED_TRY(shop_.store().staff().revoke(name, actor));
  return json{{"name", name}, {"revoked", true}};
}

Result<json> Admin::staff_list(const json&, const Actor&) {
  MAITRED_ASSIGN(const auto members, shop_.store().staff().list());
  json staff = json::array();
  for (const StaffMember& member : members) {
    staff.push_back({{"name", member.name},
                     {"added", format_time(member.added)},
                     {"skills", member.skills},
                     {"zones", member.zones},
                     {"manager", member.manager},
                     {"system", member.system}});
  }
  return json{{"staff", std::move(staff)}};
}

Result<json> Admin::status(const json&, const Actor& actor) {
  MAITRED_ASSIGN(const Recognition* recognition, shop_.recognition());
  const DecisionPolicy& policy = recognition->policy();
  MAITRED_ASSIGN(const std::uint64_t customers, shop_.store().customers().count());
  json object = {{"running", false},
                 {"engine", recognition->engine()},
                 {"customers", customers},
                 {"matchable", recognition->customers()},
                 {"threshold", policy.threshold().value},
                 {"expected_false_alerts_per_1000", policy.expected_false_alerts_per_1000()},
                 {"expected_miss_rate", policy.expected_miss_rate()},
                 {"cameras", json::array()},
                 {"staff_connected", 0},
                 {"retention",
                  {{"after", format_duration(shop_.settings().visits.retention)},
                   {"last_run", time_or_null(shop_.last_retention())}}},
                 {"last_backup", time_or_null(shop_.last_backup())},
                 {"key_rotation", shop_.store().keys().rotating() ? "under way" : "none"}};
  MAITRED_ASSIGN(const AlertTarget target, shop_.alert_target());
  object.update(shop_.vigilance().report(target, recognition->cautious(), actor.at));
  if (live_status_) object.update(live_status_());
  return object;
}

}  // namespace maitred
