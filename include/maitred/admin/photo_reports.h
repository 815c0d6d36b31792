// The report of maitred-eye on a photo.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/fields.h"
#include "maitred/base/result.h"
#include "maitred/types/template.h"

namespace maitred {

struct PhotoReport {
  std::string engine;
  std::string template_base64;  // float[template_length], little endian
  nlohmann::json quality;       // as the eye writes it; an object
  std::vector<std::string> warnings;
  std::optional<bool> live;           // none where the engine cannot tell
  std::optional<std::string> base64;  // the photo itself, where it is to be kept
};

// Fields that the core does not use are ignored: they belong to the eye. Errors: bad_usage (kInput)
// for a field that is missing or of the wrong type.
Result<PhotoReport> read_photo_report(const nlohmann::json& object);
Status read_value(const char* name, const nlohmann::json& from, std::vector<PhotoReport>& to);
nlohmann::json json_of(const PhotoReport& report);

// The template of a report; its decoded bytes are wiped. Errors: template_mismatch (kEnvironment)
// for another engine; bad_usage (kInput) for a template of another length or with numbers that are
// not finite.
Result<Template> template_of(const PhotoReport& report, const std::string& engine,
                             std::size_t length);

// One template a report. Errors: those of template_of; no_photo, too_many_photos (kInput).
Result<std::vector<Template>> templates_of(const std::vector<PhotoReport>& reports,
                                           const std::string& engine, std::size_t length);

// The liveness of all photos together: false if one of them shows a picture of a face, true if all
// that were judged are live, none if none was judged.
std::optional<bool> liveness_of(const std::vector<PhotoReport>& reports);

}  // namespace maitred
