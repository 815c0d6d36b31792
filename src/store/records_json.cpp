#include "records_json.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "json_fields.h"

namespace maitred {
namespace {

constexpr std::uint64_t kRecordVersion = 1;
constexpr int kMostRating = 10;
constexpr int kMostEscalation = 2;

tl::unexpected<Error> unfit(const char* what) {
  return input_error("field_invalid", std::string("a text given is ") + what);
}

void put(Json& object, const char* name, const std::optional<WallTime>& time) {
  if (time) object[name] = to_json(*time);
}

// Absent when empty, as in records of earlier versions.
void put(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void put(Json& object, const char* name, const std::vector<std::string>& texts) {
  if (!texts.empty()) object[name] = texts;
}

std::vector<std::string> texts_or_none(FieldReader& fields, std::string_view name) {
  if (fields.find(name) == nullptr) return {};
  return fields.list<std::string>(name, [](const Json& item) {
    return item.is_string() ? std::optional(item.get<std::string>()) : std::nullopt;
  });
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

Json write(const Caution& caution) {
  Json object = {{"steps", caution.steps}, {"wrong", Json::array()}};
  for (const WallTime at : caution.wrong) object["wrong"].push_back(to_json(at));
  put(object, "suspended", caution.suspended);
  return object;
}

Json write(const CustomerRecord& record) {
  Json object = {{"name", record.profile.name},
                 {"loyalty", record.profile.loyalty},
                 {"preferences", write_map(record.profile.preferences)},
                 {"enrolled", to_json(record.enrolled)}};
  put(object, "last_visit", record.last_visit);
  put(object, "tier", record.profile.tier);
  put(object, "note", record.profile.note);
  put(object, "external", record.profile.external);
  if (!record.caution.none()) object["caution"] = write(record.caution);
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
  put(object, "expires", consent.expires);
  put(object, "withdrawn", consent.withdrawn);
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
  put(object, "external", ask.external);
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
  put(object, "external", purchase.external);
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
  put(object, "external", appointment.external);
  return object;
}

void read(FieldReader& fields, Appointment& appointment) {
  appointment.number = fields.number("number");
  appointment.at = fields.time("at");
  appointment.with = fields.text("with");
  appointment.external = fields.text_or_empty("external");
}

Json write(const Visit& visit) {
  return {{"id", visit.id.value},      {"customer", visit.customer.value},
          {"camera", visit.camera},    {"start", to_json(visit.start)},
          {"end", to_json(visit.end)}, {"outcome", word(visit.outcome)},
          {"note", visit.note},        {"holdout", visit.holdout}};
}

void read(FieldReader& fields, Visit& visit) {
  visit.id = VisitId(fields.text("id"));
  visit.customer = CustomerId(fields.text("customer"));
  visit.camera = fields.text("camera");
  visit.start = fields.time("start");
  visit.end = fields.time("end");
  visit.outcome = fields.word("outcome", outcome_from_word);
  visit.note = fields.text("note");
  visit.holdout = fields.flag("holdout");
}

void read(FieldReader& fields, CustomerView& view);

// Parts of a record.
template <class Part>
std::optional<Part> read_part(const Json& object) {
  FieldReader fields(object);
  Part part;
  read(fields, part);
  if (!fields.ok()) return std::nullopt;
  return part;
}

Json write(const CustomerView& view) {
  Json object = {{"id", view.id.value},     {"name", view.name},
                 {"loyalty", view.loyalty}, {"preferences", write_map(view.preferences)},
                 {"asks", Json::array()},   {"recent", Json::array()}};
  for (const Ask& ask : view.asks) object["asks"].push_back(write(ask));
  for (const Purchase& purchase : view.recent) object["recent"].push_back(write(purchase));
  put(object, "tier", view.tier);
  put(object, "note", view.note);
  for (const Appointment& one : view.appointments) object["appointments"].push_back(write(one));
  return object;
}

void read(FieldReader& fields, CustomerView& view) {
  view.id = CustomerId(fields.text("id"));
  view.name = fields.text("name");
  view.loyalty = fields.text("loyalty");
  view.preferences = read_map(fields, "preferences");
  view.asks = fields.list<Ask>("asks", read_part<Ask>);
  view.recent = fields.list<Purchase>("recent", read_part<Purchase>);
  view.tier = fields.text_or_empty("tier");
  view.note = fields.text_or_empty("note");
  view.appointments = fields.list_or_empty<Appointment>("appointments", read_part<Appointment>);
}

Json write(const StoredAlert& stored) {
  const Alert& alert = stored.alert;
  Json object = {{"seq", alert.seq},
                 {"visit", alert.visit.value},
                 {"state", word(alert.state)},
                 {"at", to_json(alert.at)},
                 {"expires", to_json(alert.expires)},
                 {"camera", alert.camera},
                 {"headline", alert.headline},
                 {"reason", word(alert.reason)},
                 {"customer", write(alert.customer)},
                 {"confidence", word(alert.confidence)},
                 {"escalation", alert.escalation},
                 {"by", alert.by},
                 {"outcome", word(alert.outcome)}};
  if (alert.position) object["position"] = alert.position->count();
  put(object, "escalates", stored.escalates);
  put(object, "rule", alert.rule);
  if (alert.priority != Priority::kNormal) object["priority"] = word(alert.priority);
  put(object, "skill", alert.audience.skill);
  put(object, "zone", alert.audience.zone);
  if (alert.audience.managers) object["managers"] = true;
  return object;
}

void read(FieldReader& fields, StoredAlert& stored) {
  Alert& alert = stored.alert;
  alert.seq = fields.number("seq");
  alert.visit = VisitId(fields.text("visit"));
  alert.state = fields.word("state", alert_state_from_word);
  alert.at = fields.time("at");
  alert.expires = fields.time("expires");
  alert.camera = fields.text("camera");
  alert.headline = fields.text("headline");
  alert.reason = fields.word("reason", reason_from_word);
  alert.confidence = fields.word("confidence", confidence_from_word);
  alert.escalation = static_cast<int>(std::min<std::uint64_t>(fields.number("escalation"), 99));
  if (alert.escalation > kMostEscalation) fields.fail();
  alert.by = fields.text("by");
  alert.outcome = fields.word("outcome", outcome_from_word);
  alert.position = fields.duration_or_none("position");
  stored.escalates = fields.time_or_none("escalates");
  alert.rule = fields.text_or_empty("rule");
  if (fields.find("priority") != nullptr) {
    alert.priority = fields.word("priority", priority_from_word);
  }
  alert.audience = {fields.text_or_empty("skill"), fields.text_or_empty("zone"),
                    fields.flag_or_false("managers")};
  const Json* customer = fields.find("customer");
  auto view = customer == nullptr ? std::nullopt : read_part<CustomerView>(*customer);
  if (!view) return fields.fail();
  alert.customer = std::move(*view);
}

Json write(const AlertEvent& event) {
  return {{"seq", event.seq},
          {"visit", event.visit.value},
          {"state", word(event.state)},
          {"at", to_json(event.at)},
          {"by", event.by}};
}

void read(FieldReader& fields, AlertEvent& event) {
  event.seq = fields.number("seq");
  event.visit = VisitId(fields.text("visit"));
  event.state = fields.word("state", alert_state_from_word);
  event.at = fields.time("at");
  event.by = fields.text("by");
}

Json write(const Feedback& feedback) {
  return {{"visit", feedback.visit.value},
          {"rating", feedback.rating},
          {"comment", feedback.comment},
          {"at", to_json(feedback.at)}};
}

void read(FieldReader& fields, Feedback& feedback) {
  feedback.visit = VisitId(fields.text("visit"));
  feedback.rating = static_cast<int>(std::min<std::uint64_t>(fields.number("rating"), 99));
  if (feedback.rating > kMostRating) fields.fail();
  feedback.comment = fields.text("comment");
  feedback.at = fields.time("at");
}

Json write(const StaffMember& member) {
  Json object = {{"name", member.name}, {"added", to_json(member.added)}};
  put(object, "skills", member.skills);
  put(object, "zones", member.zones);
  if (member.manager) object["manager"] = true;
  if (member.system) object["system"] = true;
  return object;
}

void read(FieldReader& fields, StaffMember& member) {
  member.name = fields.text("name");
  member.added = fields.time("added");
  member.skills = texts_or_none(fields, "skills");
  member.zones = texts_or_none(fields, "zones");
  member.manager = fields.flag_or_false("manager");
  member.system = fields.flag_or_false("system");
}

Json write(const Tombstone& tombstone) {
  Json object = {{"erased", to_json(tombstone.erased)}, {"epoch", tombstone.epoch}};
  if (tombstone.rows) object["rows"] = *tombstone.rows;
  return object;
}

void read(FieldReader& fields, Tombstone& tombstone) {
  tombstone.erased = fields.time("erased");
  tombstone.epoch = fields.number("epoch");
  if (fields.find("rows") != nullptr) tombstone.rows = fields.number("rows");
}

Json write(const AuditRow& row) {
  return {{"number", row.number}, {"at", to_json(row.at)},  {"actor", row.actor},
          {"action", row.action}, {"subject", row.subject}, {"detail", row.detail}};
}

void read(FieldReader& fields, AuditRow& row) {
  row.number = fields.number("number");
  row.at = fields.time("at");
  row.actor = fields.text("actor");
  row.action = fields.text("action");
  row.subject = fields.text("subject");
  row.detail = fields.text("detail");
}

// None when a string is not UTF-8.
std::optional<ClearBytes> dump(const Json& object) {
  try {
    std::string text = object.dump();
    ClearBytes bytes(text.begin(), text.end());
    sodium_memzero(text.data(), text.size());
    return bytes;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

template <class Record>
Result<ClearBytes> encode_record(const Record& record) {
  Json object = write(record);
  object["v"] = kRecordVersion;
  auto bytes = dump(object);
  if (!bytes) return unfit("not UTF-8");
  if (bytes->size() > kLongestRecord) return unfit("too long to be kept");
  // so that nothing is ever written that could not be read again
  if (!decode_record<Record>(*bytes)) return unfit("out of range");
  return std::move(*bytes);
}

template <class Record>
std::optional<Record> decode_record(ByteView bytes) {
  if (bytes.size() > kLongestRecord) return std::nullopt;
  const Json object = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!object.is_object()) return std::nullopt;
  FieldReader fields(object);
  if (fields.number("v") != kRecordVersion) return std::nullopt;
  Record record;
  read(fields, record);
  if (!fields.ok()) return std::nullopt;
  return record;
}

template Result<ClearBytes> encode_record(const CustomerRecord&);
template Result<ClearBytes> encode_record(const Consent&);
template Result<ClearBytes> encode_record(const Ask&);
template Result<ClearBytes> encode_record(const Purchase&);
template Result<ClearBytes> encode_record(const Appointment&);
template Result<ClearBytes> encode_record(const Visit&);
template Result<ClearBytes> encode_record(const StoredAlert&);
template Result<ClearBytes> encode_record(const AlertEvent&);
template Result<ClearBytes> encode_record(const Feedback&);
template Result<ClearBytes> encode_record(const StaffMember&);
template Result<ClearBytes> encode_record(const Tombstone&);
template Result<ClearBytes> encode_record(const AuditRow&);
template std::optional<CustomerRecord> decode_record(ByteView);
template std::optional<Consent> decode_record(ByteView);
template std::optional<Ask> decode_record(ByteView);
template std::optional<Purchase> decode_record(ByteView);
template std::optional<Appointment> decode_record(ByteView);
template std::optional<Visit> decode_record(ByteView);
template std::optional<StoredAlert> decode_record(ByteView);
template std::optional<AlertEvent> decode_record(ByteView);
template std::optional<Feedback> decode_record(ByteView);
template std::optional<StaffMember> decode_record(ByteView);
template std::optional<Tombstone> decode_record(ByteView);
template std::optional<AuditRow> decode_record(ByteView);

}  // namespace maitred
