// What is kept of a customer, as JSON.
#include <algorithm>
#include <utility>

#include "record_fields.h"

namespace maitred {
namespace {

Json write(const Caution& caution) {
  Json object = {{"steps", caution.steps}, {"wrong", Json::array()}};
  for (const WallTime at : caution.wrong) object["wrong"].push_back(to_json(at));
  put_field(object, "suspended", caution.suspended);
  return object;
}

void read(FieldReader& fields, Caution& caution) {
  const std::uint64_t steps = fields.number("steps");
  if (steps > kMostCaution) fields.fail();
  caution.steps = static_cast<std::uint32_t>(std::min<std::uint64_t>(steps, kMostCaution));
  caution.wrong = fields.list<WallTime>("wrong", [](const Json& item) {
    return item.is_number_integer()
               ? std::optional(WallTime(Milliseconds(item.get<std::int64_t>())))
               : std::nullopt;
  });
  if (caution.wrong.size() > kMostWrongAnswers) fields.fail();
  caution.suspended = fields.time_or_none("suspended");
}

}  // namespace

void put_field(Json& object, const char* name, const std::optional<WallTime>& time) {
  if (time) object[name] = to_json(*time);
}

void put_field(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void put_field(Json& object, const char* name, const std::vector<std::string>& texts) {
  if (!texts.empty()) object[name] = texts;
}

Json write_map(const std::map<std::string, std::string>& map) {
  Json object = Json::object();
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

std::map<std::string, std::string> read_map(FieldReader& fields, std::string_view name) {
  std::map<std::string, std::string> map;
  const Json* object = fields.find(name);
  if (object == nullptr || !object->is_object()) {
    fields.fail();
    return map;
  }
  for (const auto& [key, value] : object->items()) {
    if (!value.is_string()) fields.fail();
    if (value.is_string()) map.emplace(key, value.get<std::string>());
  }
  return map;
}

Json write(const CustomerRecord& record) {
  Json object = {{"name", record.profile.name},
                 {"loyalty", record.profile.loyalty},
                 {"preferences", write_map(record.profile.preferences)},
                 {"enrolled", to_json(record.enrolled)}};
  put_field(object, "last_visit", record.last_visit);
  put_field(object, "tier", record.profile.tier);
  put_field(object, "note", record.profile.note);
  put_field(object, "external", record.profile.external);
  if (!record.caution.none()) object["caution"] = write(record.caution);
  return object;
}

void read(FieldReader& fields, CustomerRecord& record) {
  record.profile.name = fields.text("name");
  record.profile.loyalty = fields.text("loyalty");
  record.profile.preferences = read_map(fields, "preferences");
  record.enrolled = fields.time("enrolled");
  record.last_visit = fields.time_or_none("last_visit");
  record.profile.tier = fields.text_or_empty("tier");
  record.profile.note = fields.text_or_empty("note");
  record.profile.external = fields.text_or_empty("external");
  if (const Json* caution = fields.find("caution")) {
    FieldReader inner(*caution);
    read(inner, record.caution);
    if (!inner.ok()) fields.fail();
  }
}

Json write(const Consent& consent) {
  Json object = {{"version", consent.version},
                 {"reference", consent.reference},
                 {"scopes", Json::array()},
                 {"incentive", consent.incentive},
                 {"granted", to_json(consent.granted)}};
  for (const Scope scope : consent.scopes) object["scopes"].push_back(scope_name(scope));
  put_field(object, "expires", consent.expires);
  put_field(object, "withdrawn", consent.withdrawn);
  for (const auto& [name, text] :
       {std::pair{"purpose", &consent.purpose}, std::pair{"channel", &consent.channel},
        std::pair{"taken_by", &consent.taken_by}}) {
    if (!text->empty()) object[name] = *text;
  }
  return object;
}

void read(FieldReader& fields, Consent& consent) {
  consent.version = fields.text("version");
  consent.reference = fields.text("reference");
  const auto scopes = fields.list<Scope>("scopes", [](const Json& item) {
    return item.is_string() ? scope_from_name(item.get<std::string>()) : std::nullopt;
  });
  consent.scopes = {scopes.begin(), scopes.end()};
  consent.incentive = fields.text("incentive");
  consent.granted = fields.time("granted");
  consent.expires = fields.time_or_none("expires");
  consent.withdrawn = fields.time_or_none("withdrawn");
  for (const auto& [name, text] :
       {std::pair{"purpose", &consent.purpose}, std::pair{"channel", &consent.channel},
        std::pair{"taken_by", &consent.taken_by}}) {
    if (fields.find(name) != nullptr) *text = fields.text(name);
  }
}

Json write(const Ask& ask) {
  Json object = {{"number", ask.number},
                 {"text", ask.text},
                 {"item", ask.item},
                 {"at", to_json(ask.at)},
                 {"open", ask.open}};
  put_field(object, "external", ask.external);
  return object;
}

void read(FieldReader& fields, Ask& ask) {
  ask.number = fields.number("number");
  ask.text = fields.text("text");
  ask.item = fields.text("item");
  ask.at = fields.time("at");
  ask.open = fields.flag("open");
  ask.external = fields.text_or_empty("external");
}

Json write(const Purchase& purchase) {
  Json object = {{"number", purchase.number},
                 {"item", purchase.item},
                 {"status", purchase.status},
                 {"date", to_json(purchase.date)}};
  put_field(object, "external", purchase.external);
  return object;
}

void read(FieldReader& fields, Purchase& purchase) {
  purchase.number = fields.number("number");
  purchase.item = fields.text("item");
  purchase.status = fields.text("status");
  purchase.date = fields.time("date");
  purchase.external = fields.text_or_empty("external");
}

Json write(const Appointment& appointment) {
  Json object = {
      {"number", appointment.number}, {"at", to_json(appointment.at)}, {"with", appointment.with}};
  put_field(object, "external", appointment.external);
  return object;
}

void read(FieldReader& fields, Appointment& appointment) {
  appointment.number = fields.number("number");
  appointment.at = fields.time("at");
  appointment.with = fields.text("with");
  appointment.external = fields.text_or_empty("external");
}

}  // namespace maitred
