// Changing one value of a configuration file that a person wrote. Pure.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

// The text with another [models] engine; comments, order and everything else stay as they are.
// `file` is only named in errors. Errors: config_invalid; config_not_editable (kInput) where the
// engine is written in a way this does not know: set it by hand.
Result<std::string> with_engine(const std::string& text, std::string_view engine,
                                const std::filesystem::path& file);

}  // namespace maitred
