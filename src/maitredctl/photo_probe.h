// Turns a photo into a template in a process that holds no key: `maitred-eye --photo`.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "maitred/base/result.h"

namespace maitred {

enum class PhotoPurpose { kEnrol, kProbe };

// The report of maitred-eye: engine, template (base64), quality, warnings, ... Errors: file_missing
// and the like; those of the report (named with the file); photo_failed (kEnvironment) when the
// process dies or takes too long.
Result<nlohmann::json> probe_photo(const std::filesystem::path& settings_file,
                                   const std::filesystem::path& photo, PhotoPurpose purpose);

}  // namespace maitred
