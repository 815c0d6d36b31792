// The view for the customer: everything that is held.
#include <nlohmann/json.hpp>

#include "maitred/admin/row_key.h"
#include "maitred/admin/views.h"
#include "maitred/base/json.h"
#include "maitred/shop/consent/consent.h"
#include "src/admin/json_list.h"

namespace maitred {

using nlohmann::json;

namespace {

json exported_consent(const Consent& consent, WallTime now) {
  json scopes = json::array();
  for (const Scope scope : consent.scopes) scopes.push_back(scope_name(scope));
  return {{"version", consent.version},
          {"reference", consent.reference},
          {"scopes", std::move(scopes)},
          {"incentive", consent.incentive},
          {"purpose", consent.purpose},
          {"channel", consent.channel},
          {"operator", consent.taken_by},
          {"granted", format_time(consent.granted)},
          {"expires", time_or_null(consent.expires)},
          {"withdrawn", time_or_null(consent.withdrawn)},
          {"valid", may(consent, Scope::kRecognition, now)}};
}

// The id in the system that it came from. An import makes up a key for a row without one.
std::string exported_external(const std::string& external) {
  return is_row_key(external) ? std::string() : external;
}

json exported_ask(const Ask& ask) {
  return {{"number", ask.number}, {"text", ask.text},
          {"item", ask.item},     {"at", format_time(ask.at)},
          {"open", ask.open},     {"external", exported_external(ask.external)}};
}

json exported_purchase(const Purchase& purchase) {
  return {{"number", purchase.number},
          {"item", purchase.item},
          {"status", purchase.status},
          {"date", format_time(purchase.date)},
          {"external", exported_external(purchase.external)}};
}

json exported_appointment(const Appointment& appointment) {
  return {{"number", appointment.number},
          {"at", format_time(appointment.at)},
          {"with", appointment.with},
          {"external", exported_external(appointment.external)}};
}

json exported_visit(const Visit& visit) {
  return {{"visit", visit.id.value},
          {"id", visit.customer.value},
          {"camera", visit.camera},
          {"start", format_time(visit.start)},
          {"end", format_time(visit.end)},
          {"outcome", word(visit.outcome)},
          {"note", visit.note},
          {"holdout", visit.holdout}};
}

json exported_feedback(const Feedback& feedback) {
  return {{"visit", feedback.visit.value},
          {"rating", feedback.rating},
          {"comment", feedback.comment},
          {"at", format_time(feedback.at)}};
}

json exported_template(const Template& one) {
  return {{"engine", one.engine()},
          {"rotated", true},
          {"values", std::vector<float>(one.values().begin(), one.values().end())}};
}

// What staff saw of the customer with one alert. Fields that the customer did not have are absent.
json shown_to_staff(const CustomerView& customer) {
  json view = {{"id", customer.id.value},
               {"name", customer.name},
               {"loyalty", customer.loyalty},
               {"preferences", customer.preferences}};
  if (!customer.tier.empty()) view["tier"] = customer.tier;
  if (!customer.note.empty()) view["note"] = customer.note;
  view["asks"] = json::array();
  for (const Ask& ask : customer.asks) {
    json one = {{"text", ask.text}, {"at", format_time(ask.at)}};
    if (!ask.item.empty()) one["item"] = ask.item;
    view["asks"].push_back(std::move(one));
  }
  for (const Purchase& purchase : customer.recent) {
    view["recent"].push_back({{"item", purchase.item},
                              {"status", purchase.status},
                              {"date", format_time(purchase.date)}});
  }
  for (const Appointment& one : customer.appointments) {
    view["appointments"].push_back({{"at", format_time(one.at)}, {"with", one.with}});
  }
  return view;
}

json exported_alert(const Alert& alert) {
  json view = {{"type", "alert"},
               {"seq", alert.seq},
               {"visit", alert.visit.value},
               {"state", word(alert.state)},
               {"at", format_time(alert.at)},
               {"expires", format_time(alert.expires)},
               {"camera", alert.camera},
               {"headline", alert.headline},
               {"reason", word(alert.reason)},
               {"customer", shown_to_staff(alert.customer)},
               {"confidence", word(alert.confidence)}};
  if (!alert.rule.empty()) view["rule"] = alert.rule;
  if (alert.priority != Priority::kNormal) view["priority"] = word(alert.priority);
  if (alert.position) view["position"] = static_cast<double>(alert.position->count()) / 1000.0;
  if (alert.escalation > 0) view["escalation"] = static_cast<unsigned>(alert.escalation);
  if (!alert.by.empty()) view["by"] = alert.by;
  if (alert.outcome != Outcome::kOpen) view["outcome"] = word(alert.outcome);
  return view;
}

}  // namespace

json export_view(const HeldOnCustomer& record, WallTime now) {
  const Customer& customer = record.customer;
  const Profile& profile = customer.profile;
  const auto consent_now = [now](const Consent& one) { return exported_consent(one, now); };
  const auto photo_text = [](const auto& photo) { return json(to_base64(photo)); };
  return {{"id", customer.id.value},
          {"name", profile.name},
          {"loyalty", profile.loyalty},
          {"tier", profile.tier},
          {"note", profile.note},
          {"external", exported_external(profile.external)},
          {"preferences", profile.preferences},
          {"enrolled", format_time(customer.enrolled)},
          {"last_visit", time_or_null(customer.last_visit)},
          {"consent", consent_now(customer.consent)},
          {"consent_history", json_list(record.consents, consent_now)},
          {"asks", json_list(customer.asks, exported_ask)},
          {"purchases", json_list(customer.purchases, exported_purchase)},
          {"appointments", json_list(customer.appointments, exported_appointment)},
          {"visits", json_list(record.visits, exported_visit)},
          {"alerts", json_list(record.alerts, exported_alert)},
          {"feedback", json_list(record.feedback, exported_feedback)},
          {"templates", record.templates.size()},
          {"templates_learned", record.learned},
          {"template_data", json_list(record.templates, exported_template)},
          {"photos_kept", record.photos.size()},
          {"photos", json_list(record.photos, photo_text)},
          {"threshold_steps", customer.caution.steps},
          {"wrong_answers", customer.caution.wrong.size()},
          {"wrong_answer_times", json_list(customer.caution.wrong, format_time)},
          {"suspended", time_or_null(customer.caution.suspended)}};
}

}  // namespace maitred
