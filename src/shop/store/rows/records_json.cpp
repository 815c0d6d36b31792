#include "records_json.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "record_fields.h"

namespace maitred {
namespace {

constexpr std::uint64_t kRecordVersion = 1;
constexpr int kMostRating = 10;
constexpr int kMostEscalation = 2;

tl::unexpected<Error> unfit(const char* what) {
  return input_error("field_invalid", std::string("a text given is ") + what);
}

std::vector<std::string> texts_or_none(FieldReader& fields, std::string_view name) {
  if (fields.find(name) == nullptr) return {};
  return fields.list<std::string>(name, [](const Json& item) {
    return item.is_string() ? std::optional(item.get<std::string>()) : std::nullopt;
  });
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
  put_field(object, "tier", view.tier);
  put_field(object, "note", view.note);
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
  put_field(object, "escalates", stored.escalates);
  put_field(object, "rule", alert.rule);
  if (alert.priority != Priority::kNormal) object["priority"] = word(alert.priority);
  put_field(object, "skill", alert.audience.skill);
  put_field(object, "zone", alert.audience.zone);
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
  put_field(object, "skills", member.skills);
  put_field(object, "zones", member.zones);
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
