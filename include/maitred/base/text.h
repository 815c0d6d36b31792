// Small things done to text.
#pragma once

#include <string>
#include <string_view>

namespace maitred {

// Without blanks, tabs and line ends on either side.
std::string_view trimmed(std::string_view text);

// For the contents and attributes of HTML.
std::string escaped_html(std::string_view text);

}  // namespace maitred
