// JSON from outside, checked before it is parsed.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

struct JsonLimits {
  std::size_t bytes = 16 * 1024;
  int depth = 8;  // of arrays and objects; a bare object is 1
};

// Parses one JSON value and nothing else. Size and depth are checked first, by a scan that
// allocates nothing. Errors (kInput): json_too_long, json_too_deep, json_malformed (also invalid
// UTF-8). Pure.
Result<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits);

// Writes compact JSON and never throws: bytes that are not UTF-8 become U+FFFD. Pure.
std::string json_text(const nlohmann::json& value);
// The same, with keys in the order in which they were added.
std::string ordered_text(const nlohmann::ordered_json& value);

// True if `text` is well-formed UTF-8. Pure.
bool is_utf8(std::string_view text);

// True if `text` is UTF-8 and fits one line of a log or terminal: no control characters, no line
// separators, marks that turn the direction of text, or blanks without width. Pure.
bool is_plain_line(std::string_view text);

// Returns the text with '?' for each byte that is not UTF-8 and for each control character except
// line breaks and tabs: it is safe to show on a terminal. Pure.
std::string shown_text(std::string_view text);

// The longest prefix of at most `limit_bytes` that cuts no character. Pure.
std::string_view utf8_prefix(std::string_view text, std::size_t limit_bytes);

}  // namespace maitred
