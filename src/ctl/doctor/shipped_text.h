// Returns the text of config/maitred.toml. Private to this module.
#pragma once

#include <string_view>

namespace maitred {

std::string_view shipped_text();

}  // namespace maitred
