// A strict reader of the fields of one JSON object. It remembers the first field that is wrong.
//
// A record whose fields are both read and written is described once (base/json_record.h); this
// reader serves the description, and the messages that are only read.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/json.h"
#include "maitred/base/time.h"

namespace maitred {

// What a field must be. Each rule applies to the types that it fits.
struct FieldRule {
  enum class Need { kRequired, kOptional };
  // kLine: no control character. kText: line breaks and tabs too. kAny: every character.
  enum class Kind { kLine, kText, kAny };

  Need need = Need::kRequired;
  Kind kind = Kind::kAny;
  bool may_be_empty = true;  // text
  std::size_t longest_bytes = std::numeric_limits<std::size_t>::max();
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();  // numbers
  std::size_t most_elements = std::numeric_limits<std::size_t>::max();
};

// Each reads one value, and returns nothing for another type or a value outside the rule. Pure.
inline std::optional<std::string> text_value(const nlohmann::json& value, const FieldRule& rule) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr || text->size() > rule.longest_bytes) return std::nullopt;
  if (text->empty() && !rule.may_be_empty) return std::nullopt;
  if (rule.kind == FieldRule::Kind::kAny) return *text;
  std::string line = *text;
  if (rule.kind == FieldRule::Kind::kText) {
    for (char& c : line) {
      if (c == '\n' || c == '\t') c = ' ';
    }
  }
  return is_plain_line(line) ? std::optional(*text) : std::nullopt;
}

// A whole number from 0. JSON that was built from an int, not parsed, holds it as a signed one.
inline std::optional<std::uint64_t> number_value(const nlohmann::json& value,
                                                 const FieldRule& rule) {
  if (!value.is_number_integer()) return std::nullopt;
  if (!value.is_number_unsigned() && value.get<std::int64_t>() < 0) return std::nullopt;
  const auto number = value.get<std::uint64_t>();
  return number <= rule.most ? std::optional(number) : std::nullopt;
}

inline std::optional<bool> flag_value(const nlohmann::json& value) {
  return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
}

// A whole number of milliseconds, no further from 0 than the year 9999 is from 1970.
inline std::optional<Milliseconds> milliseconds_value(const nlohmann::json& value) {
  constexpr std::int64_t kFarthest = 253402300799999;
  if (!value.is_number_integer()) return std::nullopt;
  // A number above INT64_MAX would turn negative below.
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{kFarthest}) {
    return std::nullopt;
  }
  const auto count = value.get<std::int64_t>();
  if (count < -kFarthest || count > kFarthest) return std::nullopt;
  return Milliseconds(count);
}

// An ISO 8601 time.
inline std::optional<WallTime> time_value(const nlohmann::json& value) {
  const auto text = text_value(value, {.kind = FieldRule::Kind::kLine, .longest_bytes = 64});
  if (!text) return std::nullopt;
  const auto time = parse_time(*text);
  return time ? std::optional(*time) : std::nullopt;
}

// A field that is missing, of another type or against its rule gives an empty value, and wrong()
// names the first such field. Thread-compatible.
class JsonFields {
 public:
  using Need = FieldRule::Need;
  using Kind = FieldRule::Kind;

  // Borrows `object`. A value that is not an object has no fields, and is wrong itself.
  explicit JsonFields(const nlohmann::json& object) : object_(object) {
    if (!object.is_object()) wrong_ = "{}";
  }

  struct TextRule {
    std::size_t longest_bytes = std::numeric_limits<std::size_t>::max();
    Need need = Need::kRequired;  // a required text is not empty
    Kind kind = Kind::kLine;
  };

  std::string text(const char* key, TextRule rule) {
    const auto* value = find(key, rule.need);
    if (value == nullptr) return {};
    return take(key, text_value(*value, {.kind = rule.kind,
                                         .may_be_empty = rule.need == Need::kOptional,
                                         .longest_bytes = rule.longest_bytes}));
  }
  // Any text, made safe to show.
  std::string text_or_empty(const char* key) {
    const auto* value = find(key, Need::kOptional);
    return value == nullptr ? std::string() : shown_text(take(key, text_value(*value, {})));
  }

  std::uint64_t number(const char* key, Need need,
                       std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    const auto* value = find(key, need);
    return value == nullptr ? 0 : take(key, number_value(*value, {.most = most}));
  }

  bool flag(const char* key, Need need = Need::kRequired) {
    const auto* value = find(key, need);
    return value != nullptr && take(key, flag_value(*value));
  }

  // An ISO 8601 time. A missing or empty one gives WallTime{}.
  WallTime time(const char* key) {
    const auto* value = find(key, Need::kOptional);
    if (value == nullptr || (value->is_string() && value->get_ref<const std::string&>().empty())) {
      return {};
    }
    return take(key, time_value(*value));
  }

  // A word of a fixed list, read by a function from text to optional.
  template <class FromWord>
  auto word(const char* key, Need need, FromWord from_word) -> decltype(from_word("")) {
    const std::string found = text(key, {.longest_bytes = 64, .need = need});
    if (found.empty()) return {};
    auto value = from_word(found);
    if (!value) fail(key);
    return value;
  }

  // Null if the field is absent. Null and wrong if it has another type.
  const nlohmann::json* member(const char* key, nlohmann::json::value_t type) {
    const auto* value = find(key, Need::kOptional);
    if (value == nullptr || value->type() == type) return value;
    fail(key);
    return nullptr;
  }

  // Null if the field is absent, which is wrong for a required one.
  const nlohmann::json* find(const char* key, Need need) {
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (need == Need::kRequired) fail(key);
    return nullptr;
  }

  // The first field that is missing or wrong.
  const std::optional<std::string>& wrong() const { return wrong_; }
  void fail(const char* key) {
    if (!wrong_) wrong_ = key;
  }

 private:
  template <class Value>
  Value take(const char* key, std::optional<Value> value) {
    if (!value) fail(key);
    return std::move(value).value_or(Value{});
  }

  const nlohmann::json& object_;
  std::optional<std::string> wrong_;
};

}  // namespace maitred
