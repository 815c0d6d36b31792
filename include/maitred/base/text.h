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

// The text of an address, or of a pipeline that holds some, fit for a log: "***" stands for user
// name and password, for each value of a query, for what follows '#', and for properties of a
// pipeline such as user-pw.
std::string without_secrets(std::string_view source);

}  // namespace maitred
