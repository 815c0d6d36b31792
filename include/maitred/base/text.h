// Trimming and decoding of text. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace maitred {

// The text without blanks, tabs and line ends on either side.
std::string_view trimmed(std::string_view text);

// Decodes "%20" and the like. Nothing if a '%' is not followed by two hexadecimal digits.
std::optional<std::string> url_decoded(std::string_view text);

}  // namespace maitred
