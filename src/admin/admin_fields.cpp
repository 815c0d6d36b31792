#include "maitred/admin/admin_fields.h"

#include <fmt/format.h>

#include <cstring>

#include "maitred/admin/photo_reports.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr std::size_t kMostPhotos = 10;

auto wrong(const char* key, std::string_view wanted) {
  return input_error("bad_usage", fmt::format("'{}' must be {}", key, wanted));
}

}  // namespace

Result<Template> template_of(const json& report, const std::string& engine, std::size_t length) {
  MAITRED_ASSIGN(const std::string made_by, needed_text(report, "engine"));
  MAITRED_ASSIGN(const std::string text, needed_text(report, "template"));
  if (made_by != engine) {
    return environment_error(
        "template_mismatch",
        fmt::format("the photo was read with engine '{}', but the store runs '{}'; use one "
                    "configuration for both",
                    made_by, engine));
  }
  MAITRED_ASSIGN(std::vector<std::uint8_t> bytes, from_base64(text));
  if (bytes.size() != length * sizeof(float)) return wrong("template", "of the engine's length");
  WipedVector<float> values(length);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  wipe(std::as_writable_bytes(std::span(bytes)));
  for (const float value : values) {
    if (!std::isfinite(value)) return wrong("template", "finite numbers");
  }
  // What is not said is 1; see maitred-eye's report.
  const json::json_pointer overall("/quality/overall");
  const bool said = report.contains(overall) && report[overall].is_number();
  return Template(engine, values, said ? report[overall].get<float>() : 1.0F);
}

Result<std::string> text_field(const json& args, const char* key) {
  const auto found = args.find(key);
  if (found == args.end() || found->is_null()) return std::string{};
  if (!found->is_string()) return wrong(key, "a text");
  return found->get<std::string>();
}

Result<std::string> needed_text(const json& args, const char* key) {
  MAITRED_ASSIGN(std::string text, text_field(args, key));
  if (text.empty()) return wrong(key, "given");
  return text;
}

Result<CustomerId> id_field(const json& args) {
  MAITRED_ASSIGN(std::string id, needed_text(args, "id"));
  return CustomerId(std::move(id));
}

Result<std::optional<WallTime>> time_field(const json& args, const char* key) {
  MAITRED_ASSIGN(const std::string text, text_field(args, key));
  if (text.empty()) return std::optional<WallTime>{};
  MAITRED_ASSIGN(const WallTime time, parse_time(text));
  return std::optional<WallTime>{time};
}

Result<std::vector<std::string>> list_field(const json& args, const char* key) {
  std::vector<std::string> texts;
  const auto found = args.find(key);
  if (found == args.end() || found->is_null()) return texts;
  if (!found->is_array()) return wrong(key, "a list of texts");
  for (const json& element : *found) {
    if (!element.is_string()) return wrong(key, "a list of texts");
    texts.push_back(element.get<std::string>());
  }
  return texts;
}

Result<std::map<std::string, std::string>> map_field(const json& args, const char* key) {
  std::map<std::string, std::string> texts;
  const auto found = args.find(key);
  if (found == args.end() || found->is_null()) return texts;
  if (!found->is_object()) return wrong(key, "an object of texts");
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) return wrong(key, "an object of texts");
    texts[name] = value.get<std::string>();
  }
  return texts;
}

Result<std::set<Scope>> scopes_field(const json& args) {
  MAITRED_ASSIGN(const auto names, list_field(args, "scopes"));
  std::set<Scope> scopes;
  for (const std::string& name : names) {
    const auto scope = scope_from_name(name);
    if (!scope) {
      return input_error(
          "bad_usage",
          fmt::format("'{}' is not a scope; known: recognition, history, feedback, sentiment, "
                      "template-improvement, photos",
                      name.substr(0, 40)));
    }
    scopes.insert(*scope);
  }
  return scopes;
}

Result<std::vector<Template>> templates_field(const json& args, const std::string& engine,
                                              std::size_t length) {
  const auto found = args.find("photos");
  if (found == args.end() || !found->is_array() || found->empty()) {
    return input_error("no_photo", "no photo was given; add --photo FILE");
  }
  if (found->size() > kMostPhotos) {
    return input_error("too_many_photos", fmt::format("at most {} photos a customer", kMostPhotos));
  }
  std::vector<Template> templates;
  for (const json& report : *found) {
    if (!report.is_object()) return wrong("photos", "a list of objects");
    MAITRED_ASSIGN(Template one, template_of(report, engine, length));
    templates.push_back(std::move(one));
  }
  return templates;
}

}  // namespace maitred
