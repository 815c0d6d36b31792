// What maitred-eye says of a photo, read back.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "maitred/base/result.h"
#include "maitred/types/template.h"

namespace maitred {

// The template of a report; the bytes it is made from are wiped. Errors: template_mismatch
// (kEnvironment) for another engine; bad_usage (kInput) for fields that are missing, of another
// length or not finite.
Result<Template> template_of(const nlohmann::json& report, const std::string& engine,
                             std::size_t length);

}  // namespace maitred
