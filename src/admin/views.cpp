#include "maitred/admin/views.h"

#include <nlohmann/json.hpp>
#include <string>

#include "maitred/admin/row_key.h"
#include "maitred/shop/consent/consent.h"
#include "src/admin/json_list.h"

namespace maitred {

using nlohmann::json;

namespace {

json scope_names(const Consent& consent) {
  json names = json::array();
  for (const Scope scope : consent.scopes) names.push_back(scope_name(scope));
  return names;
}

// The external id as the other system knows it. An import makes up a key for a row without one.
std::string shown_external(const Profile& profile) {
  return is_row_key(profile.external) ? std::string() : profile.external;
}

}  // namespace

json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(format_time(*time)) : json(nullptr);
}

// Other systems.

namespace {

json system_ask(const Ask& ask) {
  return {{"number", ask.number},
          {"text", ask.text},
          {"item", ask.item},
          {"at", format_time(ask.at)},
          {"open", ask.open}};
}

json system_purchase(const Purchase& purchase) {
  return {{"number", purchase.number},
          {"item", purchase.item},
          {"status", purchase.status},
          {"date", format_time(purchase.date)}};
}

json system_appointment(const Appointment& appointment) {
  return {{"number", appointment.number},
          {"at", format_time(appointment.at)},
          {"with", appointment.with}};
}

}  // namespace

json system_view(const Customer& customer, WallTime now) {
  if (!may(customer.consent, Scope::kRecognition, now)) {
    return {{"id", customer.id.value}, {"name", ""}};
  }
  json view = {{"id", customer.id.value},
               {"name", customer.profile.name},
               {"loyalty", customer.profile.loyalty},
               {"tier", customer.profile.tier},
               {"note", customer.profile.note},
               {"external", shown_external(customer.profile)},
               {"preferences", customer.profile.preferences},
               {"asks", json_list(customer.asks, system_ask)},
               {"appointments", json_list(customer.appointments, system_appointment)}};
  if (may(customer.consent, Scope::kHistory, now)) {
    view["purchases"] = json_list(customer.purchases, system_purchase);
  }
  return view;
}

// The admin.

namespace {

json admin_ask(const Ask& ask) {
  return {{"number", ask.number},
          {"text", ask.text},
          {"item", ask.item},
          {"at", format_time(ask.at)},
          {"open", ask.open}};
}

json admin_purchase(const Purchase& purchase) {
  return {{"number", purchase.number},
          {"item", purchase.item},
          {"status", purchase.status},
          {"date", format_time(purchase.date)}};
}

json admin_appointment(const Appointment& appointment) {
  return {{"number", appointment.number},
          {"at", format_time(appointment.at)},
          {"with", appointment.with}};
}

}  // namespace

json admin_consent(const Consent& consent, WallTime now) {
  return {{"version", consent.version},
          {"reference", consent.reference},
          {"scopes", scope_names(consent)},
          {"incentive", consent.incentive},
          {"purpose", consent.purpose},
          {"channel", consent.channel},
          {"operator", consent.taken_by},
          {"granted", format_time(consent.granted)},
          {"expires", time_or_null(consent.expires)},
          {"withdrawn", time_or_null(consent.withdrawn)},
          {"valid", may(consent, Scope::kRecognition, now)}};
}

json admin_view(const Customer& customer, const HeldCounts& counts, WallTime now) {
  return {{"id", customer.id.value},
          {"name", customer.profile.name},
          {"loyalty", customer.profile.loyalty},
          {"tier", customer.profile.tier},
          {"note", customer.profile.note},
          {"external", shown_external(customer.profile)},
          {"preferences", customer.profile.preferences},
          {"enrolled", format_time(customer.enrolled)},
          {"last_visit", time_or_null(customer.last_visit)},
          {"consent", admin_consent(customer.consent, now)},
          {"asks", json_list(customer.asks, admin_ask)},
          {"purchases", json_list(customer.purchases, admin_purchase)},
          {"appointments", json_list(customer.appointments, admin_appointment)},
          {"templates", counts.templates},
          {"photos_kept", counts.photos},
          {"templates_learned", counts.learned},
          {"threshold_steps", customer.caution.steps},
          {"wrong_answers", customer.caution.wrong.size()},
          {"suspended", time_or_null(customer.caution.suspended)}};
}

json admin_row(const CustomerSummary& customer) {
  return {{"id", customer.id.value},
          {"name", customer.name},
          {"loyalty", customer.loyalty},
          {"enrolled", format_time(customer.enrolled)},
          {"expires", time_or_null(customer.expires)},
          {"withdrawn", time_or_null(customer.withdrawn)},
          {"last_visit", time_or_null(customer.last_visit)}};
}

json admin_visit(const Visit& visit) {
  return {{"visit", visit.id.value},
          {"id", visit.customer.value},
          {"camera", visit.camera},
          {"start", format_time(visit.start)},
          {"end", format_time(visit.end)},
          {"outcome", word(visit.outcome)},
          {"note", visit.note},
          {"holdout", visit.holdout}};
}

json due_appointment_json(const Customer& customer, WallTime now) {
  const auto due = view_within_consent(customer, now).appointments;
  if (due.empty()) return nullptr;
  return {{"at", format_time(due.front().at)}, {"with", due.front().with}};
}

}  // namespace maitred
