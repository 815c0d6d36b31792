// Reads the answer of maitred-eye on a photo: one JSON object in one line, which is its report or
// the reason why it refuses the photo. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

inline constexpr std::size_t kPhotoLineLimit_bytes = 64 * 1024;

// Returns the report, with every field checked: a field that is missing, unknown, of another type
// or out of range refuses the whole line. The process that wrote it has decoded pixels from
// outside, so nothing in it is trusted. Errors: those that the line reports, kInput; photo_failed
// (kEnvironment) for everything else.
Result<nlohmann::json> read_photo_line(std::string_view line);

// Checks a report that stands in a larger object. Error: photo_failed, naming the field.
Status check_photo_report(const nlohmann::json& report);

}  // namespace maitred
