#include "maitred/shop/desk/alert_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "maitred/base/json_fields.h"

namespace maitred {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Need = JsonFields::Need;

ordered_json ask_object(const Ask& ask) {
  ordered_json object = {{"text", ask.text}};
  if (!ask.item.empty()) object["item"] = ask.item;
  object["at"] = format_time(ask.at);
  return object;
}

ordered_json purchase_object(const Purchase& purchase) {
  return {
      {"item", purchase.item}, {"status", purchase.status}, {"date", format_time(purchase.date)}};
}

ordered_json customer_object(const CustomerView& customer) {
  ordered_json object = {
      {"id", customer.id.value}, {"name", customer.name}, {"loyalty", customer.loyalty}};
  if (!customer.tier.empty()) object["tier"] = customer.tier;
  if (!customer.note.empty()) object["note"] = customer.note;
  object["preferences"] = ordered_json::object();
  for (const auto& [key, value] : customer.preferences) object["preferences"][key] = value;
  object["asks"] = ordered_json::array();
  for (const Ask& ask : customer.asks) object["asks"].push_back(ask_object(ask));
  for (const Purchase& purchase : customer.recent) {
    object["recent"].push_back(purchase_object(purchase));
  }
  for (const Appointment& one : customer.appointments) {
    object["appointments"].push_back({{"at", format_time(one.at)}, {"with", one.with}});
  }
  return object;
}

Ask ask_from(const json& object) {
  JsonFields fields(object);
  Ask ask;
  ask.text = fields.text_or_empty("text");
  ask.item = fields.text_or_empty("item");
  ask.at = fields.time("at");
  return ask;
}

Purchase purchase_from(const json& object) {
  JsonFields fields(object);
  Purchase purchase;
  purchase.item = fields.text_or_empty("item");
  purchase.status = fields.text_or_empty("status");
  purchase.date = fields.time("date");
  return purchase;
}

Appointment appointment_from(const json& object) {
  JsonFields fields(object);
  Appointment appointment;
  appointment.at = fields.time("at");
  appointment.with = fields.text_or_empty("with");
  return appointment;
}

template <class Element>
std::vector<Element> list_in(JsonFields& fields, const char* key,
                             Element (*from)(const json& object)) {
  std::vector<Element> out;
  const json* list = fields.member(key, json::value_t::array);
  if (list == nullptr) return out;
  for (const json& element : *list) {
    if (!element.is_object()) {
      fields.fail(key);
      return out;
    }
    out.push_back(from(element));
  }
  return out;
}

CustomerView customer_from(const json& object, JsonFields& outer) {
  JsonFields fields(object);
  CustomerView customer;
  customer.id = CustomerId(fields.text_or_empty("id"));
  customer.name = fields.text_or_empty("name");
  customer.loyalty = fields.text_or_empty("loyalty");
  customer.tier = fields.text_or_empty("tier");
  customer.note = fields.text_or_empty("note");
  if (const json* preferences = fields.member("preferences", json::value_t::object)) {
    for (const auto& [key, value] : preferences->items()) {
      if (!value.is_string()) continue;
      customer.preferences[shown_text(key)] = shown_text(value.get_ref<const std::string&>());
    }
  }
  customer.asks = list_in(fields, "asks", ask_from);
  customer.recent = list_in(fields, "recent", purchase_from);
  customer.appointments = list_in(fields, "appointments", appointment_from);
  if (fields.wrong()) outer.fail("customer");
  return customer;
}

std::optional<Milliseconds> position_in(JsonFields& fields, const json& object) {
  const auto found = object.find("position");
  if (found == object.end()) return {};
  constexpr double kMost_s = 1e9;
  const double seconds = found->is_number() ? found->get<double>() : -1.0;
  if (!(seconds >= 0.0 && seconds <= kMost_s)) return fields.fail("position"), std::nullopt;
  return Milliseconds{std::llround(seconds * 1000.0)};
}

}  // namespace

void add_progress(ordered_json& object, const Alert& alert) {
  if (alert.escalation > 0) object["escalation"] = static_cast<unsigned>(alert.escalation);
  if (!alert.by.empty()) object["by"] = alert.by;
  if (alert.outcome != Outcome::kOpen) object["outcome"] = word(alert.outcome);
}

ordered_json alert_view(const Alert& alert) {
  ordered_json object = {{"type", "alert"},
                         {"seq", alert.seq},
                         {"visit", alert.visit.value},
                         {"state", word(alert.state)},
                         {"at", format_time(alert.at)},
                         {"expires", format_time(alert.expires)},
                         {"camera", alert.camera},
                         {"headline", alert.headline},
                         {"reason", word(alert.reason)},
                         {"customer", customer_object(alert.customer)},
                         {"confidence", word(alert.confidence)}};
  if (!alert.rule.empty()) object["rule"] = alert.rule;
  if (alert.priority != Priority::kNormal) object["priority"] = word(alert.priority);
  if (alert.position) object["position"] = static_cast<double>(alert.position->count()) / 1000.0;
  add_progress(object, alert);
  return object;
}

json to_json(const Alert& alert) { return alert_view(alert); }

Result<Alert> alert_from_json(const json& object) {
  if (!object.is_object()) return input_error("bad_alert", "an alert is a JSON object");
  JsonFields fields(object);
  Alert alert;
  alert.seq = fields.number("seq", Need::kRequired);
  alert.visit = VisitId(fields.text("visit", {}));
  alert.state =
      fields.word("state", Need::kRequired, alert_state_from_word).value_or(AlertState::kNew);
  alert.at = fields.time("at");
  alert.expires = fields.time("expires");
  alert.camera = fields.text_or_empty("camera");
  alert.headline = fields.text_or_empty("headline");
  alert.reason =
      fields.word("reason", Need::kOptional, reason_from_word).value_or(Reason::kArrival);
  alert.confidence = fields.word("confidence", Need::kOptional, confidence_from_word)
                         .value_or(Confidence::kMedium);
  if (const json* customer = fields.member("customer", json::value_t::object)) {
    alert.customer = customer_from(*customer, fields);
  }
  alert.rule = fields.text_or_empty("rule");
  alert.priority =
      fields.word("priority", Need::kOptional, priority_from_word).value_or(Priority::kNormal);
  alert.position = position_in(fields, object);
  alert.escalation =
      static_cast<int>(std::min<std::uint64_t>(fields.number("escalation", Need::kOptional), 100));
  alert.by = fields.text_or_empty("by");
  alert.outcome =
      fields.word("outcome", Need::kOptional, outcome_from_word).value_or(Outcome::kOpen);
  if (fields.wrong()) {
    return input_error("bad_alert", fmt::format("the alert has no good \"{}\"", *fields.wrong()));
  }
  return alert;
}

}  // namespace maitred
