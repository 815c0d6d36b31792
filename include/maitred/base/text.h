// Trimming of text.
#pragma once

#include <string>
#include <string_view>

namespace maitred {

// The text without blanks, tabs and line ends on either side.
std::string_view trimmed(std::string_view text);

}  // namespace maitred
