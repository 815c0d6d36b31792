// Reads the fields of a JSON object and remembers the first that is wrong. Internal to wire.
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

// Compact, keys as they were put in; bytes that are not UTF-8 become U+FFFD.
inline std::string ordered_text(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

class JsonFields {
 public:
  // `object` is borrowed, and an object.
  explicit JsonFields(const nlohmann::json& object) : object_(object) {}

  enum class Need { kRequired, kOptional };
  enum class Kind { kLine, kText };  // kText may have line breaks and tabs

  struct TextRule {
    std::size_t longest_bytes = std::numeric_limits<std::size_t>::max();
    Need need = Need::kRequired;  // required: also not empty
    Kind kind = Kind::kLine;
  };

  std::string text(const char* key, TextRule rule) {
    const auto* value = find(key, rule.need);
    if (value == nullptr) return {};
    const auto* found = value->get_ptr<const std::string*>();
    if (found == nullptr || found->size() > rule.longest_bytes || !fits(*found, rule.kind) ||
        (found->empty() && rule.need == Need::kRequired)) {
      return fail(key), std::string();
    }
    return *found;
  }
  // Any text, made safe to show.
  std::string text_or_empty(const char* key) {
    const auto* value = find(key, Need::kOptional);
    if (value == nullptr) return {};
    const auto* found = value->get_ptr<const std::string*>();
    if (found == nullptr) return fail(key), std::string();
    return shown_text(*found);
  }

  std::uint64_t number(const char* key, Need need) {
    const auto* value = find(key, need);
    if (value == nullptr) return 0;
    if (!value->is_number_unsigned()) return fail(key), 0;
    return value->get<std::uint64_t>();
  }

  bool flag(const char* key) {
    const auto* value = find(key, Need::kRequired);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return fail(key), false;
    return value->get<bool>();
  }

  WallTime time(const char* key) {
    const std::string found = text(key, {.longest_bytes = 64, .need = Need::kOptional});
    if (found.empty()) return {};
    const auto time = parse_time(found);
    if (!time) return fail(key), WallTime{};
    return *time;
  }

  // A word of the contract, by a function from text to optional.
  template <class FromWord>
  auto word(const char* key, Need need, FromWord from_word) -> decltype(from_word("")) {
    const std::string found = text(key, {.longest_bytes = 64, .need = need});
    if (found.empty()) return {};
    auto value = from_word(found);
    if (!value) fail(key);
    return value;
  }

  // Null when absent or, which is an error, of another type.
  const nlohmann::json* member(const char* key, nlohmann::json::value_t type) {
    const auto* value = find(key, Need::kOptional);
    if (value == nullptr || value->type() == type) return value;
    fail(key);
    return nullptr;
  }

  // The first field that was missing or wrong.
  const std::optional<std::string>& wrong() const { return wrong_; }
  void fail(const char* key) {
    if (!wrong_) wrong_ = key;
  }

 private:
  static bool fits(std::string text, Kind kind) {
    if (kind == Kind::kText) {
      for (char& c : text) {
        if (c == '\n' || c == '\t') c = ' ';
      }
    }
    return is_plain_line(text);
  }

  const nlohmann::json* find(const char* key, Need need) {
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (need == Need::kRequired) fail(key);
    return nullptr;
  }

  const nlohmann::json& object_;
  std::optional<std::string> wrong_;
};

}  // namespace maitred
