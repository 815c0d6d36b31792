// One description of a struct's fields, by which it is read from a JSON object and written as one:
//
//   struct PauseArgs {
//     std::string camera;
//     double seconds = 60;
//
//     static void describe(auto& fields, auto& it) {
//       fields.needed("camera", it.camera);
//       fields.optional("seconds", it.seconds);
//     }
//   };
//
// Reading is strict: an unknown field, a missing one or one of the wrong type is an error that
// names the field. Pure.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/types/customer.h"
#include "maitred/types/ids.h"

namespace maitred {

class FieldReader;
class FieldWriter;

template <class T>
concept Described = requires(FieldWriter& fields, const T& it) {
  T::describe(fields, it);
};

// Error: bad_usage (kInput), "'NAME' must be WANTED".
tl::unexpected<Error> field_must_be(std::string_view name, std::string_view wanted);

// Reads one value of a described field. Errors: bad_usage (kInput), naming the field; bad_time.
Status read_value(const char* name, const nlohmann::json& from, std::string& to);
Status read_value(const char* name, const nlohmann::json& from, bool& to);
Status read_value(const char* name, const nlohmann::json& from, int& to);
Status read_value(const char* name, const nlohmann::json& from, std::int64_t& to);
Status read_value(const char* name, const nlohmann::json& from, std::uint64_t& to);
Status read_value(const char* name, const nlohmann::json& from, double& to);
Status read_value(const char* name, const nlohmann::json& from, CustomerId& to);
Status read_value(const char* name, const nlohmann::json& from, VisitId& to);
Status read_value(const char* name, const nlohmann::json& from, WallTime& to);
// The empty text is no time.
Status read_value(const char* name, const nlohmann::json& from, std::optional<WallTime>& to);
Status read_value(const char* name, const nlohmann::json& from, std::vector<std::string>& to);
Status read_value(const char* name, const nlohmann::json& from,
                  std::map<std::string, std::string>& to);
Status read_value(const char* name, const nlohmann::json& from, std::set<Scope>& to);

template <class T>
Status read_value(const char* name, const nlohmann::json& from, std::optional<T>& to) {
  return read_value(name, from, to.emplace());
}

class FieldReader {
 public:
  // `object` is borrowed. A value that is not an object has every field missing.
  explicit FieldReader(const nlohmann::json& object) : object_(object) {}

  // Absent, null and the empty text are errors.
  template <class T>
  void needed(const char* name, T& value) {
    const nlohmann::json* found = find(name);
    if (found == nullptr || found->is_null() || *found == "") {
      return note(field_must_be(name, "given"));
    }
    note(read(name, *found, value));
  }
  // Absent and null leave the value as it is.
  template <class T>
  void optional(const char* name, T& value) {
    const nlohmann::json* found = find(name);
    if (found != nullptr && !found->is_null()) note(read(name, *found, value));
  }
  // Absent leaves the value empty; null is the empty text.
  void if_any(const char* name, std::optional<std::string>& value) {
    const nlohmann::json* found = find(name);
    if (found != nullptr) optional(name, value.emplace());
  }

  // The first error, or that a field is unknown.
  Status finish() const;

 private:
  const nlohmann::json* find(const char* name);
  template <class T>
  Status read(const char* name, const nlohmann::json& from, T& to) {
    if constexpr (Described<T>) {
      if (!from.is_object()) return field_must_be(name, "an object");
      FieldReader inner(from);
      T::describe(inner, to);
      return inner.finish();
    } else {
      return read_value(name, from, to);
    }
  }
  void note(const Status& status) {
    if (status_ && !status) status_ = status;
  }

  const nlohmann::json& object_;
  std::set<std::string_view> known_;
  Status status_;
};

inline nlohmann::json json_of(const nlohmann::json& value) { return value; }
inline nlohmann::json json_of(const std::string& value) { return value; }
template <std::same_as<bool> T>  // not what converts to bool
nlohmann::json json_of(T value) {
  return value;
}
inline nlohmann::json json_of(int value) { return value; }
inline nlohmann::json json_of(std::int64_t value) { return value; }
inline nlohmann::json json_of(std::uint64_t value) { return value; }
inline nlohmann::json json_of(float value) { return value; }
inline nlohmann::json json_of(double value) { return value; }
inline nlohmann::json json_of(const CustomerId& value) { return value.value; }
inline nlohmann::json json_of(const VisitId& value) { return value.value; }
inline nlohmann::json json_of(WallTime value) { return format_time(value); }
inline nlohmann::json json_of(const std::map<std::string, std::string>& value) { return value; }
inline nlohmann::json json_of(const std::map<std::string, std::size_t>& value) { return value; }
nlohmann::json json_of(const std::set<Scope>& value);
template <Described T>
nlohmann::json json_of(const T& value);
template <class T>
nlohmann::json json_of(const std::vector<T>& values);
// Null for none.
template <class T>
nlohmann::json json_of(const std::optional<T>& value);

class FieldWriter {
 public:
  template <class T>
  void needed(const char* name, const T& value) {
    object_[name] = json_of(value);
  }
  template <class T>
  void optional(const char* name, const T& value) {
    object_[name] = json_of(value);
  }
  // Writes nothing for none.
  template <class T>
  void if_any(const char* name, const std::optional<T>& value) {
    if (value) object_[name] = json_of(*value);
  }
  // Writes the fields of a finished object beside the others.
  void all_of(const nlohmann::json& fields) { object_.update(fields); }

  nlohmann::json take() { return std::move(object_); }

 private:
  nlohmann::json object_ = nlohmann::json::object();
};

template <Described T>
nlohmann::json json_of(const T& value) {
  FieldWriter fields;
  T::describe(fields, value);
  return fields.take();
}

template <class T>
nlohmann::json json_of(const std::vector<T>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const T& value : values) list.push_back(json_of(value));
  return list;
}

template <class T>
nlohmann::json json_of(const std::optional<T>& value) {
  return value ? json_of(*value) : nlohmann::json(nullptr);
}

// The struct that `object` describes. Errors: bad_usage (kInput), naming the field; bad_time.
template <Described T>
Result<T> read_fields(const nlohmann::json& object) {
  if (!object.is_object()) return input_error("bad_usage", "the arguments must be an object");
  T value{};
  FieldReader fields(object);
  T::describe(fields, value);
  MAITRED_TRY(fields.finish());
  return value;
}

}  // namespace maitred
