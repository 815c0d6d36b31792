// Reading and writing the fields of one JSON object, strictly.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/time.h"

namespace maitred {

using Json = nlohmann::json;

// Reads fields of an object. A field that is missing, of another type or out of range gives an
// empty value and makes ok() false for good. Thread-compatible.
class FieldReader {
 public:
  explicit FieldReader(const Json& object) : object_(object), ok_(object.is_object()) {}

  bool ok() const { return ok_; }
  void fail() { ok_ = false; }

  const Json* find(std::string_view name) {
    if (!object_.is_object()) return nullptr;
    const auto field = object_.find(name);
    return field == object_.end() ? nullptr : &*field;
  }

  std::string text(std::string_view name) {
    const Json* field = find(name);
    if (field == nullptr || !field->is_string()) return failed<std::string>();
    return field->get<std::string>();
  }
  // For fields that records of earlier versions do not have.
  std::string text_or_empty(std::string_view name) {
    return find(name) == nullptr ? std::string() : text(name);
  }
  bool flag_or_false(std::string_view name) { return find(name) != nullptr && flag(name); }
  bool flag(std::string_view name) {
    const Json* field = find(name);
    if (field == nullptr || !field->is_boolean()) return failed<bool>();
    return field->get<bool>();
  }
  std::uint64_t number(std::string_view name) {
    const Json* field = find(name);
    if (field == nullptr || !field->is_number_unsigned()) return failed<std::uint64_t>();
    return field->get<std::uint64_t>();
  }
  WallTime time(std::string_view name) { return WallTime(milliseconds(find(name), kFarthest)); }
  std::optional<WallTime> time_or_none(std::string_view name) {
    const Json* field = find(name);
    if (field == nullptr) return std::nullopt;
    return WallTime(milliseconds(field, kFarthest));
  }
  std::optional<Milliseconds> duration_or_none(std::string_view name) {
    const Json* field = find(name);
    if (field == nullptr) return std::nullopt;
    return milliseconds(field, kFarthest);
  }
  // A word that `from_word` knows.
  template <class FromWord>
  auto word(std::string_view name, FromWord from_word) {
    const auto value = from_word(text(name));
    if (!value) ok_ = false;
    return value.value_or(typename decltype(value)::value_type{});
  }
  // The elements of an array, each read by `read_one(const Json&)`, which gives an optional.
  template <class Element, class ReadOne>
  std::vector<Element> list(std::string_view name, ReadOne read_one) {
    const Json* field = find(name);
    std::vector<Element> elements;
    if (field == nullptr || !field->is_array()) return failed<std::vector<Element>>();
    for (const Json& item : *field) {
      std::optional<Element> element = read_one(item);
      if (!element) return failed<std::vector<Element>>();
      elements.push_back(std::move(*element));
    }
    return elements;
  }
  template <class Element, class ReadOne>
  std::vector<Element> list_or_empty(std::string_view name, ReadOne read_one) {
    return find(name) == nullptr ? std::vector<Element>{} : list<Element>(name, read_one);
  }

 private:
  // The end of the year 9999, either way from 1970.
  static constexpr std::int64_t kFarthest = 253402300799999;

  template <class Value>
  Value failed() {
    ok_ = false;
    return Value{};
  }
  Milliseconds milliseconds(const Json* field, std::int64_t farthest) {
    if (field == nullptr || !field->is_number_integer() ||
        (field->is_number_unsigned() &&
         field->get<std::uint64_t>() > static_cast<std::uint64_t>(farthest))) {
      return failed<Milliseconds>();
    }
    const auto count = field->get<std::int64_t>();
    return count < -farthest ? failed<Milliseconds>() : Milliseconds(count);
  }

  const Json& object_;
  bool ok_;
};

inline std::int64_t to_json(WallTime time) { return time.time_since_epoch().count(); }

}  // namespace maitred
