#include "maitred/admin/photo_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "maitred/base/file.h"
#include "maitred/base/secret.h"

namespace maitred {

using nlohmann::json;

namespace {

constexpr std::size_t kMostPhotos = 10;

// The fields of a report that the core uses.
struct ReportFields {
  PhotoReport report;

  static void describe(auto& fields, auto& it) {
    fields.needed("engine", it.report.engine);
    fields.needed("template", it.report.template_base64);
    fields.optional("warnings", it.report.warnings);
    fields.optional("live", it.report.live);
    fields.if_any("bytes", it.report.base64);
  }
};

}  // namespace

Result<PhotoReport> read_photo_report(const json& object) {
  if (!object.is_object()) return field_must_be("photos", "a list of objects");
  json used = json::object();
  for (const char* name : {"engine", "template", "warnings", "live", "bytes"}) {
    if (object.contains(name)) used[name] = object[name];
  }
  MAITRED_ASSIGN(ReportFields fields, read_fields<ReportFields>(used));
  fields.report.quality = object.value("quality", json::object());
  if (!fields.report.quality.is_object()) return field_must_be("quality", "an object");
  return std::move(fields.report);
}

Status read_value(const char* name, const json& from, std::vector<PhotoReport>& to) {
  if (!from.is_array()) return field_must_be(name, "a list of objects");
  for (const json& one : from) {
    MAITRED_ASSIGN(to.emplace_back(), read_photo_report(one));
  }
  return {};
}

json json_of(const PhotoReport& report) {
  json object = json_of(ReportFields{report});
  object["quality"] = report.quality;
  return object;
}

Result<Template> template_of(const PhotoReport& report, const std::string& engine,
                             std::size_t length) {
  if (report.engine != engine) {
    return environment_error(
        "template_mismatch",
        fmt::format("the photo was read with engine '{}', but the store uses '{}'; use one "
                    "configuration for both",
                    report.engine, engine));
  }
  MAITRED_ASSIGN(std::vector<std::uint8_t> bytes, from_base64(report.template_base64));
  if (bytes.size() != length * sizeof(float)) {
    return field_must_be("template", "of the engine's length");
  }
  WipedVector<float> values(length);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  wipe(std::as_writable_bytes(std::span(bytes)));
  double square = 0.0;
  for (const float value : values) {
    if (!std::isfinite(value)) return field_must_be("template", "finite numbers");
    square += static_cast<double>(value) * static_cast<double>(value);
  }
  // Outside these a float's norm is 0 or infinite, and the template has no direction.
  if (square < 1e-12 || square > 1e12) return field_must_be("template", "of a sensible length");
  const auto overall = report.quality.find("overall");
  const bool rated = overall != report.quality.end() && overall->is_number();
  return Template(engine, values, rated ? std::clamp(overall->get<float>(), 0.0F, 1.0F) : 1.0F);
}

Result<std::vector<Template>> templates_of(const std::vector<PhotoReport>& reports,
                                           const std::string& engine, std::size_t length) {
  if (reports.empty()) return input_error("no_photo", "no photo was given; add --photo FILE");
  if (reports.size() > kMostPhotos) {
    return input_error("too_many_photos", fmt::format("at most {} photos a customer", kMostPhotos));
  }
  std::vector<Template> templates;
  for (const PhotoReport& report : reports) {
    MAITRED_ASSIGN(Template one, template_of(report, engine, length));
    templates.push_back(std::move(one));
  }
  return templates;
}

std::optional<bool> liveness_of(const std::vector<PhotoReport>& reports) {
  std::optional<bool> live;
  for (const PhotoReport& report : reports) {
    if (report.live == false) return false;
    if (report.live) live = true;
  }
  return live;
}

}  // namespace maitred
