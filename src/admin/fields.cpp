#include "maitred/admin/fields.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "maitred/base/json.h"
#include "maitred/base/json_fields.h"

namespace maitred {

using nlohmann::json;

namespace {

constexpr std::size_t kShownName_bytes = 40;

std::string shown_name(std::string_view name) {
  return shown_text(utf8_prefix(name, kShownName_bytes));
}

}  // namespace

tl::unexpected<Error> field_must_be(std::string_view name, std::string_view wanted) {
  return input_error("bad_usage", fmt::format("'{}' must be {}", name, wanted));
}

// The types are read by the value readers that records and messages are read by, too.
Status read_value(const char* name, const json& from, std::string& to) {
  auto text = text_value(from, {});
  if (!text) return field_must_be(name, "a text");
  to = *std::move(text);
  return {};
}

Status read_value(const char* name, const json& from, bool& to) {
  const auto flag = flag_value(from);
  if (!flag) return field_must_be(name, "true or false");
  to = *flag;
  return {};
}

Status read_value(const char* name, const json& from, std::uint64_t& to) {
  const auto number = number_value(from, {});
  if (!number) return field_must_be(name, "a whole number from 0");
  to = *number;
  return {};
}

Status read_value(const char* name, const json& from, std::int64_t& to) {
  constexpr std::uint64_t kMost{std::numeric_limits<std::int64_t>::max()};
  const bool negative = from.is_number_integer() && from < 0;
  if (!negative && !number_value(from, {.most = kMost}))
    return field_must_be(name, "a whole number");
  to = from.get<std::int64_t>();
  return {};
}

Status read_value(const char* name, const json& from, int& to) {
  std::int64_t number = 0;
  MAITRED_TRY(read_value(name, from, number));
  if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max()) {
    return field_must_be(name, "a smaller number");
  }
  to = static_cast<int>(number);
  return {};
}

Status read_value(const char* name, const json& from, double& to) {
  if (!from.is_number() || !std::isfinite(from.get<double>())) {
    return field_must_be(name, "a number");
  }
  to = from.get<double>();
  return {};
}

Status read_value(const char* name, const json& from, CustomerId& to) {
  return read_value(name, from, to.value);
}

Status read_value(const char* name, const json& from, VisitId& to) {
  return read_value(name, from, to.value);
}

Status read_value(const char* name, const json& from, WallTime& to) {
  std::string text;
  MAITRED_TRY(read_value(name, from, text));
  MAITRED_ASSIGN(to, parse_time(text));
  return {};
}

Status read_value(const char* name, const json& from, std::optional<WallTime>& to) {
  if (from == "") return {};
  return read_value(name, from, to.emplace());
}

Status read_value(const char* name, const json& from, std::vector<std::string>& to) {
  if (!from.is_array()) return field_must_be(name, "a list of texts");
  for (const json& element : from) {
    if (!element.is_string()) return field_must_be(name, "a list of texts");
    to.push_back(element.get<std::string>());
  }
  return {};
}

Status read_value(const char* name, const json& from, std::map<std::string, std::string>& to) {
  if (!from.is_object()) return field_must_be(name, "an object of texts");
  for (const auto& [key, value] : from.items()) {
    if (!value.is_string()) return field_must_be(name, "an object of texts");
    to[key] = value.get<std::string>();
  }
  return {};
}

Status read_value(const char* name, const json& from, std::set<Scope>& to) {
  std::vector<std::string> names;
  MAITRED_TRY(read_value(name, from, names));
  for (const std::string& one : names) {
    const auto scope = scope_from_name(one);
    if (!scope) {
      return input_error(
          "bad_usage",
          fmt::format("'{}' is not a scope; known: recognition, history, feedback, sentiment, "
                      "template-improvement, photos",
                      shown_name(one)));
    }
    to.insert(*scope);
  }
  return {};
}

const json* FieldReader::find(const char* name) {
  known_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

Status FieldReader::finish() const {
  MAITRED_TRY(status_);
  for (const auto& [name, value] : object_.items()) {
    if (known_.contains(name)) continue;
    return input_error("bad_usage", fmt::format("unknown field '{}'", shown_name(name)));
  }
  return {};
}

json json_of(const std::set<Scope>& value) {
  json list = json::array();
  for (const Scope scope : value) list.push_back(scope_name(scope));
  return list;
}

}  // namespace maitred
