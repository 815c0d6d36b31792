#include "tests/unit/doors/api/open_api.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace maitred {

using nlohmann::json;

namespace {

bool has_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  return false;
}

// "2026-11-22T10:15:03.120Z"
bool is_time(const std::string& text) {
  static const std::string kShape = "dddd-dd-ddTdd:dd:dd.dddZ";
  return text.size() == kShape.size() &&
         std::equal(text.begin(), text.end(), kShape.begin(), [](char letter, char wanted) {
           return wanted == 'd' ? letter >= '0' && letter <= '9' : letter == wanted;
         });
}

std::vector<std::string> split(const std::string& path) {
  std::istringstream parts(path);
  std::vector<std::string> out;
  for (std::string part; std::getline(parts, part, '/');) out.push_back(part);
  return out;
}

bool matches(const std::string& pattern, const std::string& path) {
  const auto wanted = split(pattern);
  const auto found = split(path);
  return wanted.size() == found.size() &&
         std::equal(wanted.begin(), wanted.end(), found.begin(),
                    [](const std::string& a, const std::string& b) {
                      return a == b || (a.starts_with('{') && !b.empty());
                    });
}

}  // namespace

const json& OpenApi::resolved(const json& value) const {
  if (!value.is_object() || !value.contains("$ref")) return value;
  return resolved(document_.at(json::json_pointer(value["$ref"].get<std::string>().substr(1))));
}

std::string OpenApi::mismatch(const json& schema, const json& value,
                              const std::string& where) const {
  const json& wanted = resolved(schema);
  for (const auto& [keyword, argument] : wanted.items()) {
    const std::string wrong = keyword_mismatch(keyword, argument, wanted, value, where);
    if (!wrong.empty()) return where + ": " + wrong;
  }
  return {};
}

std::string OpenApi::object_mismatch(const json& schema, const json& value,
                                     const std::string& where) const {
  const json properties = schema.value("properties", json::object());
  const json rest = schema.value("additionalProperties", json(true));
  for (const auto& [key, inner] : value.items()) {
    std::string wrong;
    if (properties.contains(key)) {
      wrong = mismatch(properties[key], inner, where + "." + key);
    } else if (rest == false) {
      wrong = "'" + key + "' is not described";
    } else if (rest.is_object()) {
      wrong = mismatch(rest, inner, where + "." + key);
    }
    if (!wrong.empty()) return wrong;
  }
  return {};
}

std::string OpenApi::keyword_mismatch(const std::string& keyword, const json& wanted,
                                      const json& schema, const json& value,
                                      const std::string& where) const {
  if (keyword == "description") return {};
  if (keyword == "type") return has_type(value, wanted) ? "" : "it is no " + wanted.dump();
  if (keyword == "format") return is_time(value.get<std::string>()) ? "" : "it is no time";
  if (keyword == "enum") {
    return std::find(wanted.begin(), wanted.end(), value) != wanted.end() ? "" : "not in the enum";
  }
  if (keyword == "required") {
    for (const json& key : wanted) {
      if (!value.contains(key.get<std::string>())) return key.dump() + " is missing";
    }
    return {};
  }
  // Both are checked together.
  if (keyword == "additionalProperties" && schema.contains("properties")) return {};
  if (keyword == "properties" || keyword == "additionalProperties") {
    return object_mismatch(schema, value, where);
  }
  if (keyword == "items") {
    for (const json& element : value) {
      const std::string wrong = mismatch(wanted, element, where + "[]");
      if (!wrong.empty()) return wrong;
    }
    return {};
  }
  if (keyword == "minimum") return value >= wanted ? "" : "it is too small";
  if (keyword == "maximum") return value <= wanted ? "" : "it is too large";
  if (keyword == "maxLength") {
    return value.get<std::string>().size() <= wanted.get<std::size_t>() ? "" : "it is too long";
  }
  return "the test does not know the keyword " + keyword;
}

const json* OpenApi::operation(const std::string& method, const std::string& path) const {
  std::string name = method;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char letter) { return static_cast<char>(letter | 0x20); });
  for (const auto& [pattern, operations] : document_["paths"].items()) {
    if (matches(pattern, path) && operations.contains(name)) return &operations[name];
  }
  return nullptr;
}

std::string OpenApi::problem(const std::string& method, const std::string& path, int status,
                             const json& body) const {
  const json error = {{"$ref", "#/components/responses/Error"}};
  const json* found = operation(method, path);
  json response = error;
  if (found != nullptr) {
    const json& responses = found->at("responses");
    const std::string code = std::to_string(status);
    response = responses.contains(code) ? responses[code] : responses.at("default");
  }
  if (status < 300 && response == error) return "status " + std::to_string(status) + " is new";
  return mismatch(resolved(response)["content"]["application/json"]["schema"], body);
}

}  // namespace maitred
