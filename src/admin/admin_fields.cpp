#include "maitred/admin/admin_fields.h"

#include <fmt/format.h>

#include <cstring>

#include "maitred/admin/photo_reports.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/shop/consent/consent.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr std::size_t kMostPhotos = 10;

auto wrong(const char* key, std::string_view wanted) {
  return input_error("bad_usage", fmt::format("'{}' must be {}", key, wanted));
}

}  // namespace

Result<Template> template_of(const json& report, const std::string& engine, std::size_t length) {
  MAITRED_ASSIGN(const std::string made_by, needed_text(report, "engine"));
  MAITRED_ASSIGN(const std::string text, needed_text(report, "template"));
  if (made_by != engine) {
    return environment_error(
        "template_mismatch",
        fmt::format("the photo was read with engine '{}', but the store runs '{}'; use one "
                    "configuration for both",
                    made_by, engine));
  }
  MAITRED_ASSIGN(std::vector<std::uint8_t> bytes, from_base64(text));
  if (bytes.size() != length * sizeof(float)) return wrong("template", "of the engine's length");
  WipedVector<float> values(length);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  wipe(std::as_writable_bytes(std::span(bytes)));
  for (const float value : values) {
    if (!std::isfinite(value)) return wrong("template", "finite numbers");
  }
  // What is not said is 1; see maitred-eye's report.
  const json::json_pointer overall("/quality/overall");
  const bool said = report.contains(overall) && report[overall].is_number();
  return Template(engine, values, said ? report[overall].get<float>() : 1.0F);
}

Result<std::string> text_field(const json& args, const char* key) {
  const auto found = args.find(key);
  if (found == args.end() || found->is_null()) return std::string{};
  if (!found->is_string()) return wrong(key, "a text");
  return found->get<std::string>();
}

Result<std::string> needed_text(const json& args, const char* key) {
  MAITRED_ASSIGN(std::string text, text_field(args, key));
  if (text.empty()) return wrong(key, "given");
  return text;
}

Result<CustomerId> id_field(const json& args) {
  MAITRED_ASSIGN(std::string id, needed_text(args, "id"));
  return CustomerId(std::move(id));
}

Result<std::optional<WallTime>> time_field(const json& args, const char* key) {
  MAITRED_ASSIGN(const std::string text, text_field(args, key));
  if (text.empty()) return std::optional<WallTime>{};
  MAITRED_ASSIGN(const WallTime time, parse_time(text));
  return std::optional<WallTime>{time};
}

Result<std::vector<std::string>> list_field(const json& args, const char* key) {
  std::vector<std::string> texts;
  const auto found = args.find(key);
  if (found == args.end() || found->is_null()) return texts;
  if (!found->is_array()) return wrong(key, "a list of texts");
  for (const json& element : *found) {
    if (!element.is_string()) return wrong(key, "a list of texts");
    texts.push_back(element.get<std::string>());
  }
  return texts;
}

Result<std::map<std::string, std::string>> map_field(const json& args, const char* key) {
  std::map<std::string, std::string> texts;
  const auto found = args.find(key);
  if (found == args.end() || found->is_null()) return texts;
  if (!found->is_object()) return wrong(key, "an object of texts");
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) return wrong(key, "an object of texts");
    texts[name] = value.get<std::string>();
  }
  return texts;
}

Result<std::set<Scope>> scopes_field(const json& args) {
  MAITRED_ASSIGN(const auto names, list_field(args, "scopes"));
  std::set<Scope> scopes;
  for (const std::string& name : names) {
    const auto scope = scope_from_name(name);
    if (!scope) {
      return input_error(
          "bad_usage",
          fmt::format("'{}' is not a scope; known: recognition, history, feedback, sentiment, "
                      "template-improvement, photos",
                      name.substr(0, 40)));
    }
    scopes.insert(*scope);
  }
  return scopes;
}

Result<std::vector<Template>> templates_field(const json& args, const std::string& engine,
                                              std::size_t length) {
  const auto found = args.find("photos");
  if (found == args.end() || !found->is_array() || found->empty()) {
    return input_error("no_photo", "no photo was given; add --photo FILE");
  }
  if (found->size() > kMostPhotos) {
    return input_error("too_many_photos", fmt::format("at most {} photos a customer", kMostPhotos));
  }
  std::vector<Template> templates;
  for (const json& report : *found) {
    if (!report.is_object()) return wrong("photos", "a list of objects");
    MAITRED_ASSIGN(Template one, template_of(report, engine, length));
    templates.push_back(std::move(one));
  }
  return templates;
}

json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(format_time(*time)) : json(nullptr);
}

json consent_json(const Consent& consent, WallTime now) {
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

json customer_json(const Customer& customer, WallTime now) {
  json asks = json::array();
  for (const Ask& ask : customer.asks) {
    asks.push_back({{"number", ask.number},
                    {"text", ask.text},
                    {"item", ask.item},
                    {"at", format_time(ask.at)},
                    {"open", ask.open}});
  }
  json purchases = json::array();
  for (const Purchase& purchase : customer.purchases) {
    purchases.push_back({{"number", purchase.number},
                         {"item", purchase.item},
                         {"status", purchase.status},
                         {"date", format_time(purchase.date)}});
  }
  json appointments = json::array();
  for (const Appointment& appointment : customer.appointments) {
    appointments.push_back({{"number", appointment.number},
                            {"at", format_time(appointment.at)},
                            {"with", appointment.with}});
  }
  return {{"id", customer.id.value},
          {"name", customer.profile.name},
          {"loyalty", customer.profile.loyalty},
          {"tier", customer.profile.tier},
          {"note", customer.profile.note},
          {"external", is_row_key(customer.profile.external) ? "" : customer.profile.external},
          {"preferences", customer.profile.preferences},
          {"enrolled", format_time(customer.enrolled)},
          {"last_visit", time_or_null(customer.last_visit)},
          {"consent", consent_json(customer.consent, now)},
          {"asks", std::move(asks)},
          {"purchases", std::move(purchases)},
          {"appointments", std::move(appointments)}};
}

json due_appointment_json(const Customer& customer, WallTime now) {
  const auto due = view_within_consent(customer, now).appointments;
  if (due.empty()) return nullptr;
  return {{"at", format_time(due.front().at)}, {"with", due.front().with}};
}

json visit_json(const Visit& visit) {
  return {{"visit", visit.id.value},
          {"id", visit.customer.value},
          {"camera", visit.camera},
          {"start", format_time(visit.start)},
          {"end", format_time(visit.end)},
          {"outcome", word(visit.outcome)},
          {"note", visit.note},
          {"holdout", visit.holdout}};
}

}  // namespace maitred
