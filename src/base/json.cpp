#include "maitred/base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace maitred {
namespace {

// The deepest nesting of brackets outside strings. For text that is not JSON it may be too high,
// but is never lower than the depth that a parser would reach before it fails.
int depth_of(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

// Length of the well-formed UTF-8 sequence at the front, 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;   // no overlong form
    const unsigned high = first == 0xED ? 0x9F : 0xBF;  // no surrogate
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;  // at most U+10FFFF
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// The code point of a well-formed character.
std::uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  std::uint32_t point = first & (0x7FU >> character.size());
  for (const char c : character.substr(1))
    point = point << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return point;
}

// True if this well-formed character shows nothing but changes how a terminal or page shows the
// text around it: C0, DEL and C1; line and paragraph separators; marks that turn the direction;
// blanks without width and other invisible formats. Letters of any script stay, and so do the two
// joiners (U+200C, U+200D): Persian and Indian names are written with them.
bool is_control(std::string_view character) {
  struct Range {
    std::uint32_t first, last;
  };
  static constexpr Range kRanges[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},
                                      {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200B},
                                      {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
                                      {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
  const std::uint32_t point = code_point(character);
  return std::any_of(std::begin(kRanges), std::end(kRanges), [point](const Range& range) {
    return range.first <= point && point <= range.last;
  });
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return input_error("json_too_long",
                       fmt::format("the line is longer than {} bytes", limits.bytes));
  }
  if (depth_of(text) > limits.depth) {
    return input_error("json_too_deep",
                       fmt::format("the JSON is nested more than {} levels deep", limits.depth));
  }
  // The parser treats a zero byte as the end and would ignore what follows.
  const bool has_zero = text.find('\0') != std::string_view::npos;
  auto value = has_zero ? nlohmann::json(nlohmann::json::value_t::discarded)
                        : nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    return input_error("json_malformed", "the line is not one JSON value in UTF-8");
  }
  return value;
}

std::string json_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ordered_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_plain_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0 || is_control(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string shown_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    const bool breaks = character == "\n" || character == "\t";
    if (length == 0 || (is_control(character) && !breaks)) {
      out += '?';
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return text;
  std::size_t end = limit_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace maitred
