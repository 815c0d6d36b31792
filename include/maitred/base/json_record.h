// One description of a record's fields, by which the record is read from and written to JSON.
//
//   constexpr auto kAskFields = record_fields<Ask>(
//       field("number", &Ask::number), field("text", &Ask::text, {.may_be_empty = false}),
//       time_ms("at", &Ask::at), field("item", &Ask::item, kOptionalField));
//   nlohmann::json object = write_record(ask, kAskFields);
//   std::optional<Ask> read = read_record(object, kAskFields);
//
// A description belongs to one audience (the store, the staff protocol, a verb): the same type may
// have several. An optional field that holds its default is not written, and keeps its default when
// it is not there. A value may be optional<>, vector<> or set<>; its elements follow the same rule.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "maitred/base/json_fields.h"

namespace maitred {

inline constexpr FieldRule kOptionalField{.need = FieldRule::Need::kOptional};

namespace json_record {

template <class Value>
inline constexpr bool kIsOptional = false;
template <class Value>
inline constexpr bool kIsOptional<std::optional<Value>> = true;
template <class Value>
inline constexpr bool kIsList = false;
template <class Value>
inline constexpr bool kIsList<std::vector<Value>> = true;
template <class Value>
inline constexpr bool kIsList<std::set<Value>> = true;
template <>
inline constexpr bool kIsList<std::vector<std::uint8_t>> = false;  // bytes are one value

// Codecs: each writes one value and reads one value, and returns false for what it cannot read.

// Text, flags, numbers from 0, ids (a struct with a text `value`) and maps from text to text.
struct PlainCodec {
  template <class Json, class Value>
  Json write(const Value& value) const {
    if constexpr (requires { value.value; }) {
      return value.value;
    } else if constexpr (std::same_as<Value, std::map<std::string, std::string>>) {
      Json object = Json::object();
      for (const auto& [key, text] : value) object[key] = text;
      return object;
    } else {
      return value;
    }
  }

  template <class Value>
  bool read(const nlohmann::json& json, const FieldRule& rule, Value& out) const {
    if constexpr (requires { out.value; }) {
      return read(json, rule, out.value);
    } else if constexpr (std::same_as<Value, std::string>) {
      return put(text_value(json, rule), out);
    } else if constexpr (std::same_as<Value, bool>) {
      return put(flag_value(json), out);
    } else if constexpr (std::integral<Value>) {
      FieldRule fitting = rule;  // so that the cast below keeps the value
      fitting.most = std::min(rule.most, std::uint64_t{std::numeric_limits<Value>::max()});
      return put(number_value(json, fitting), out);
    } else {
      return read_map(json, rule, out);
    }
  }

 private:
  template <class From, class Value>
  static bool put(std::optional<From> from, Value& out) {
    if (from) out = static_cast<Value>(*std::move(from));
    return from.has_value();
  }
  static bool read_map(const nlohmann::json& json, const FieldRule& rule,
                       std::map<std::string, std::string>& out) {
    if (!json.is_object() || json.size() > rule.most_elements) return false;
    for (const auto& [key, value] : json.items()) {
      auto text = text_value(value, rule);
      if (!text) return false;
      out.insert_or_assign(key, *std::move(text));
    }
    return true;
  }
};

// A time or a span as a whole number of milliseconds; a time counts from 1970.
struct MillisecondsCodec {
  template <class Json>
  Json write(WallTime time) const {
    return time.time_since_epoch().count();
  }
  template <class Json>
  Json write(Milliseconds span) const {
    return span.count();
  }
  template <class Value>
  bool read(const nlohmann::json& json, const FieldRule&, Value& out) const {
    const auto span = milliseconds_value(json);
    if (span) out = Value(*span);
    return span.has_value();
  }
};

// A time as ISO 8601 text.
struct TimeTextCodec {
  template <class Json>
  Json write(WallTime time) const {
    return format_time(time);
  }
  bool read(const nlohmann::json& json, const FieldRule&, WallTime& out) const {
    const auto time = time_value(json);
    if (time) out = *time;
    return time.has_value();
  }
};

// An enumeration as one of its words.
template <class Value>
struct WordCodec {
  std::string_view (*to_word)(Value value);
  std::optional<Value> (*from_word)(std::string_view text);

  template <class Json>
  Json write(Value value) const {
    return to_word(value);
  }
  bool read(const nlohmann::json& json, const FieldRule& rule, Value& out) const {
    const auto text = text_value(json, rule);
    const auto value = text ? from_word(*text) : std::nullopt;
    if (value) out = *value;
    return value.has_value();
  }
};

// An object inside the object.
template <class Description>
struct ObjectCodec {
  Description description;

  template <class Json, class Value>
  Json write(const Value& value) const {
    Json object = Json::object();
    description.write(object, value);
    return object;
  }
  template <class Value>
  bool read(const nlohmann::json& json, const FieldRule&, Value& out) const {
    JsonFields fields(json);
    description.read(fields, out);
    return !fields.wrong();
  }
};

template <class Json, class Codec, class Value>
Json write_value(const Codec& codec, const Value& value) {
  if constexpr (kIsOptional<Value>) {
    return value ? write_value<Json>(codec, *value) : Json(nullptr);
  } else if constexpr (kIsList<Value>) {
    Json array = Json::array();
    for (const auto& element : value) array.push_back(write_value<Json>(codec, element));
    return array;
  } else {
    return codec.template write<Json>(value);
  }
}

template <class Codec, class Value>
bool read_value(const Codec& codec, const nlohmann::json& json, const FieldRule& rule, Value& out) {
  if constexpr (kIsOptional<Value>) {
    return read_value(codec, json, rule, out.emplace());
  } else if constexpr (kIsList<Value>) {
    if (!json.is_array() || json.size() > rule.most_elements) return false;
    for (const nlohmann::json& item : json) {
      typename Value::value_type element{};
      if (!read_value(codec, item, rule, element)) return false;
      out.insert(out.end(), std::move(element));
    }
    return true;
  } else {
    return codec.read(json, rule, out);
  }
}

template <class Record, class Value, class Codec>
struct Field {
  const char* name;
  Value Record::*member;
  FieldRule rule;
  Codec codec;

  template <class Json>
  void write(Json& object, const Record& record) const {
    if (rule.need == FieldRule::Need::kOptional && is_default(record)) return;
    object[name] = write_value<Json>(codec, record.*member);
  }
  void read(JsonFields& fields, Record& record) const {
    const nlohmann::json* json = fields.find(name, rule.need);
    if (json != nullptr && !read_value(codec, *json, rule, record.*member)) fields.fail(name);
  }
  template <class Visitor>
  void for_each_name(Visitor& visitor) const {
    visitor(name);
  }

 private:
  bool is_default(const Record& record) const {
    const Value& value = record.*member;
    if constexpr (kIsOptional<Value>) {
      return !value.has_value();
    } else if constexpr (requires { value.empty(); }) {
      return value.empty();
    } else if constexpr (std::equality_comparable<Value>) {
      return value == Record{}.*member;
    } else {
      return false;
    }
  }
};

// A member whose fields stand beside the others.
template <class Record, class Member, class Description>
struct Part {
  Member Record::*member;
  Description description;

  template <class Json>
  void write(Json& object, const Record& record) const {
    description.write(object, record.*member);
  }
  void read(JsonFields& fields, Record& record) const { description.read(fields, record.*member); }
  template <class Visitor>
  void for_each_name(Visitor& visitor) const {
    description.for_each_name(visitor);
  }
};

template <class Record, class... Fields>
struct Description {
  using RecordType = Record;
  std::tuple<Fields...> fields;

  template <class Json>
  void write(Json& object, const Record& record) const {
    std::apply([&](const Fields&... each) { (each.write(object, record), ...); }, fields);
  }
  void read(JsonFields& reader, Record& record) const {
    std::apply([&](const Fields&... each) { (each.read(reader, record), ...); }, fields);
  }
  // Calls `visitor(const char* name)` for every field, in order.
  template <class Visitor>
  void for_each_name(Visitor& visitor) const {
    std::apply([&](const Fields&... each) { (each.for_each_name(visitor), ...); }, fields);
  }
};

}  // namespace json_record

template <class Record, class... Fields>
constexpr auto record_fields(Fields... fields) {
  return json_record::Description<Record, Fields...>{{fields...}};
}

template <class Record, class Value>
constexpr auto field(const char* name, Value Record::*member, FieldRule rule = {}) {
  return json_record::Field<Record, Value, json_record::PlainCodec>{name, member, rule, {}};
}

template <class Record, class Value>
constexpr auto time_ms(const char* name, Value Record::*member, FieldRule rule = {}) {
  return json_record::Field<Record, Value, json_record::MillisecondsCodec>{name, member, rule, {}};
}

template <class Record, class Value>
constexpr auto time_text(const char* name, Value Record::*member, FieldRule rule = {}) {
  return json_record::Field<Record, Value, json_record::TimeTextCodec>{name, member, rule, {}};
}

// `Word` is the enumeration, also where the member is a list of them.
template <class Record, class Value, class Word>
constexpr auto word_field(const char* name, Value Record::*member,
                          std::optional<Word> (*from_word)(std::string_view),
                          std::type_identity_t<std::string_view (*)(Word)> to_word,
                          FieldRule rule = {}) {
  return json_record::Field<Record, Value, json_record::WordCodec<Word>>{
      name, member, rule, {to_word, from_word}};
}

// A member, or a list of them, that is an object with its own description.
template <class Record, class Value, class Description>
constexpr auto object_field(const char* name, Value Record::*member, Description description,
                            FieldRule rule = {}) {
  return json_record::Field<Record, Value, json_record::ObjectCodec<Description>>{
      name, member, rule, {description}};
}

// A value by a codec of the caller's own.
template <class Record, class Value, class Codec>
constexpr auto field_as(const char* name, Value Record::*member, Codec codec, FieldRule rule = {}) {
  return json_record::Field<Record, Value, Codec>{name, member, rule, codec};
}

template <class Record, class Member, class Description>
constexpr auto fields_of(Member Record::*member, Description description) {
  return json_record::Part<Record, Member, Description>{member, description};
}

// `Json` may be nlohmann::ordered_json, which keeps the order of the description.
template <class Json = nlohmann::json, class Record, class Description>
Json write_record(const Record& record, const Description& description) {
  Json object = Json::object();
  description.write(object, record);
  return object;
}

// Nothing for a value that is not an object or has a wrong field; `wrong`, if given, then holds the
// name of the first wrong field.
template <class Description>
std::optional<typename Description::RecordType> read_record(const nlohmann::json& object,
                                                            const Description& description,
                                                            std::string* wrong = nullptr) {
  JsonFields fields(object);
  typename Description::RecordType record{};
  description.read(fields, record);
  if (!fields.wrong()) return record;
  if (wrong != nullptr) *wrong = *fields.wrong();
  return std::nullopt;
}

// The first field of `object` that the description does not name. Requires an object.
template <class Description>
std::optional<std::string> unknown_field(const nlohmann::json& object,
                                         const Description& description) {
  for (const auto& [key, value] : object.items()) {
    bool known = false;
    auto compare = [&known, &name = key](const char* field_name) {
      known = known || name == field_name;
    };
    description.for_each_name(compare);
    if (!known) return key;
  }
  return std::nullopt;
}

}  // namespace maitred
