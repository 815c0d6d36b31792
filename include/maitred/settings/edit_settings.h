// Changing one value of a configuration file that a person wrote. Pure.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

// Returns the text with another [models] engine; comments, order and everything else stay. `file`
// is only named in errors. Errors: config_invalid; config_not_editable (kInput) if the engine is
// written in a form that this does not know.
Result<std::string> with_engine(const std::string& text, std::string_view engine,
                                const std::filesystem::path& file);

}  // namespace maitred
