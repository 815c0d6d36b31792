// JSON from outside, checked before it is built.
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

// One JSON value and nothing else. Size and depth are checked by a scan that builds nothing.
// Errors (kInput): json_too_long, json_too_deep, json_malformed (also invalid UTF-8). Pure.
Result<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits);

// Compact, never throws: bytes that are not UTF-8 become U+FFFD. Pure.
std::string json_text(const nlohmann::json& value);

// Whether `text` is well-formed UTF-8. Pure.
bool is_utf8(std::string_view text);

// Whether it also has no control character (below U+0020, U+007F to U+009F): fit for one line of a
// log or a terminal. Pure.
bool is_plain_line(std::string_view text);

// The same text with '?' for each control character but line breaks and tabs, and for each byte
// that is not UTF-8: safe to show on a terminal. Pure.
std::string shown_text(std::string_view text);

// The longest beginning of at most `limit_bytes` that does not cut a character. Pure.
std::string_view utf8_prefix(std::string_view text, std::size_t limit_bytes);

}  // namespace maitred
