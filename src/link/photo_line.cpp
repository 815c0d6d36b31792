#include "maitred/link/photo_line.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/json_record.h"
#include "maitred/link/eye_codec.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr int kDeepestLine = 4;
constexpr std::size_t kLongestCode_bytes = 64;
constexpr std::size_t kLongestMessage_bytes = 2000;
// Base64 of the longest template.
constexpr std::size_t kLongestTemplate_bytes = (kTemplateLimit * sizeof(float) + 2) / 3 * 4;
constexpr FieldRule kLine{
    .kind = FieldRule::Kind::kLine, .may_be_empty = false, .longest_bytes = 400};

// A number within a range. NaN and infinity are not in JSON; a number that is too large for a
// double is out of every range.
struct NumberCodec {
  double low = 0.0;
  double high = 1.0;

  bool read(const json& from, const FieldRule&, double& out) const {
    if (!from.is_number()) return false;
    out = from.get<double>();
    return out >= low && out <= high;
  }
};
constexpr NumberCodec kShare{0.0, 1.0};
constexpr NumberCodec kMeasure{-1e6, 1e6};

struct BoxCodec {
  bool read(const json& from, const FieldRule& rule, std::array<double, 4>& out) const {
    if (!from.is_array() || from.size() != out.size()) return false;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (!kMeasure.read(from[i], rule, out[i])) return false;
    }
    return out[2] >= 0.0 && out[3] >= 0.0;
  }
};

// Null where liveness was not measured. A report that leaves the field out is refused: it must not
// pass for one that was not measured.
struct Judged {
  std::optional<bool> live;
};
struct Score {
  std::optional<double> value;
};
struct JudgedCodec {
  bool read(const json& from, const FieldRule&, Judged& out) const {
    if (from.is_null()) return true;
    out.live = flag_value(from);
    return out.live.has_value();
  }
};
struct ScoreCodec {
  bool read(const json& from, const FieldRule& rule, Score& out) const {
    return from.is_null() || kShare.read(from, rule, out.value.emplace());
  }
};

struct Quality {
  double size, sharpness, light, pose, overall;
};
constexpr auto kQualityFields = record_fields<Quality>(
    field_as("size", &Quality::size, kShare), field_as("sharpness", &Quality::sharpness, kShare),
    field_as("light", &Quality::light, kShare), field_as("pose", &Quality::pose, kShare),
    field_as("overall", &Quality::overall, kShare));

struct Measures {
  double width_px, sharpness, mean_light, contrast, features, yaw, pitch, aspect, roll_deg;
};
constexpr auto kMeasuresFields = record_fields<Measures>(
    field_as("width_px", &Measures::width_px, kMeasure),
    field_as("sharpness", &Measures::sharpness, kMeasure),
    field_as("mean_light", &Measures::mean_light, kMeasure),
    field_as("contrast", &Measures::contrast, kMeasure),
    field_as("features", &Measures::features, kMeasure), field_as("yaw", &Measures::yaw, kMeasure),
    field_as("pitch", &Measures::pitch, kMeasure), field_as("aspect", &Measures::aspect, kMeasure),
    field_as("roll_deg", &Measures::roll_deg, kMeasure));

struct Report {
  std::string engine;
  std::string template_base64;
  std::uint64_t faces = 0;
  std::array<double, 4> box{};
  Quality quality{};
  Measures measures{};
  Judged live;
  Score liveness;
  double live_from = 0.0;
  std::vector<std::string> warnings;
};
constexpr auto kReportFields = record_fields<Report>(
    field("engine", &Report::engine,
          {.kind = FieldRule::Kind::kLine,
           .may_be_empty = false,
           .longest_bytes = kEyeNameLimitBytes}),
    field("template", &Report::template_base64,
          {.kind = FieldRule::Kind::kLine,
           .may_be_empty = false,
           .longest_bytes = kLongestTemplate_bytes}),
    field("faces", &Report::faces, {.most = 1'000'000}), field_as("box", &Report::box, BoxCodec{}),
    object_field("quality", &Report::quality, kQualityFields),
    object_field("measures", &Report::measures, kMeasuresFields),
    field_as("live", &Report::live, JudgedCodec{}),
    field_as("liveness", &Report::liveness, ScoreCodec{}),
    field_as("live_from", &Report::live_from, kShare),
    field("warnings", &Report::warnings,
          {.kind = kLine.kind, .longest_bytes = kLine.longest_bytes, .most_elements = 16}));

struct Refusal {
  std::uint64_t fault = 0;  // only in a row of photos
  std::string code;
  std::string message;
};
constexpr auto kRefusalFields = record_fields<Refusal>(
    field("fault", &Refusal::fault, {.need = FieldRule::Need::kOptional, .most = 3}),
    field("code", &Refusal::code,
          {.kind = FieldRule::Kind::kLine,
           .may_be_empty = false,
           .longest_bytes = kLongestCode_bytes}),
    field("message", &Refusal::message, {.longest_bytes = kLongestMessage_bytes}));

tl::unexpected<Error> photo_failed(std::string_view what) {
  return environment_error(
      "photo_failed", fmt::format("the photo could not be analysed: maitred-eye wrote {}", what));
}

tl::unexpected<Error> bad_field(std::string_view name) {
  return photo_failed(fmt::format("a report whose field '{}' is missing, unknown or wrong",
                                  shown_text(utf8_prefix(name, kLongestCode_bytes))));
}

Error refusal_of(const json& error) {
  const auto refusal = read_record(error, kRefusalFields);
  if (!refusal) return photo_failed("an error that cannot be read").value();
  const bool of_process = refusal->fault == static_cast<std::uint64_t>(Fault::kEnvironment);
  return {of_process ? Fault::kEnvironment : Fault::kInput, refusal->code,
          shown_text(refusal->message)};
}

}  // namespace

Status check_photo_report(const json& report) {
  std::string wrong;
  const auto read = read_record(report, kReportFields, &wrong);
  if (!read) return bad_field(wrong);
  for (const auto& unknown :
       {unknown_field(report, kReportFields), unknown_field(report["quality"], kQualityFields),
        unknown_field(report["measures"], kMeasuresFields)}) {
    if (unknown) return bad_field(*unknown);
  }
  // Both are there or neither, and they agree.
  const bool above = read->liveness.value && *read->liveness.value >= read->live_from;
  const bool agree = read->live.live.has_value() == read->liveness.value.has_value() &&
                     read->live.live.value_or(false) == above;
  return agree ? Status{} : bad_field("live");
}

Result<json> read_photo_line(std::string_view line) {
  auto object = parse_json(line, JsonLimits{kPhotoLineLimit_bytes, kDeepestLine});
  if (!object || !object->is_object()) return photo_failed("no report");
  const auto error = object->find("error");
  if (error != object->end()) return tl::unexpected(refusal_of(*error));
  MAITRED_TRY(check_photo_report(*object));
  return object;
}

}  // namespace maitred
