#include "maitred/base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace maitred {
namespace {

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

std::string refusal(std::string_view text, JsonLimits limits = {}) {
  const auto value = parse_json(text, limits);
  return value ? "accepted" : value.error().code;
}

TEST(Json, OneValueAndNothingElse) {
  EXPECT_EQ((*parse_json(R"( {"a":[1,2]} )", {}))["a"][1], 2);
  for (const std::string_view text :
       {"", " ", "{", "{} {}", "{}x", "nul", "{'a':1}", "[1,]", "\"\xff\"", "\"\xed\xa0\x80\"",
        "\"\\ud800\"", "1e999", "\"a\nb\"", "NaN", "{\"a\":1,}", "// x\n1"}) {
    EXPECT_EQ(refusal(text), "json_malformed") << text;
  }
  EXPECT_EQ(refusal({"{}\0", 3}), "json_malformed");
}

TEST(Json, DepthIsCheckedBeforeAnythingIsBuilt) {
  EXPECT_EQ(refusal(nested(8)), "accepted");
  EXPECT_EQ(refusal(nested(9)), "json_too_deep");
  EXPECT_EQ(refusal(std::string(16000, '[')), "json_too_deep");
  EXPECT_EQ(refusal(R"(["[[[[[[[[[[[[[[\"[[[[[[[[[[","{{{{{{{{{{{{{"])"), "accepted");
  EXPECT_EQ(refusal("[[],[],[],[],[],[],[],[],[],[],[]]", {.bytes = 100, .depth = 2}), "accepted");
}

TEST(Json, LengthIsChecked) {
  const std::string text = "\"" + std::string(98, 'x') + "\"";
  EXPECT_EQ(refusal(text, {.bytes = 100, .depth = 1}), "accepted");
  EXPECT_EQ(refusal(text, {.bytes = 99, .depth = 1}), "json_too_long");
}

TEST(Json, TextNeverThrows) { EXPECT_EQ(json_text(std::string("a\xff")), "\"a\xEF\xBF\xBD\""); }

TEST(Json, Utf8IsJudgedStrictly) {
  for (const std::string_view good :
       {"", "plain", "ü", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad :
       {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "a\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Json, APlainLineHasNoControlCharacter) {
  EXPECT_TRUE(is_plain_line("Ms Ö, 10:30"));
  for (const std::string_view bad : {"a\nb", "\x1b[2J", "a\x7f", "a\xc2\x9b", "\xff"}) {
    EXPECT_FALSE(is_plain_line(bad));
  }
}

TEST(Json, NothingInvisibleTurnsOrBreaksALine) {
  for (const char* bad :
       {"\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\u2028", "\u2029",
        "\u0085", "\u200b", "\u2060", "\ufeff", "\U000e0041"}) {
    const std::string text = std::string("Sam") + bad + "nimda";
    EXPECT_FALSE(is_plain_line(text)) << text;
    EXPECT_EQ(shown_text(text), "Sam?nimda");
  }
  // Names from right to left, with a joiner, with accents, in Chinese, and an emoji.
  for (const char* good :
       {"\u05e0\u05d5\u05d2\u05d4", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "e\u0301",
        "\u738b", "\U0001f600"}) {
    EXPECT_TRUE(is_plain_line(good)) << good;
    EXPECT_EQ(shown_text(good), good);
  }
}

TEST(Json, ShownTextCannotSteerATerminal) {
  EXPECT_EQ(shown_text("a\n\tö\x1b[2J\xc2\x9b\xff."), "a\n\tö?[2J??.");
}

TEST(Json, APrefixDoesNotCutACharacter) {
  EXPECT_EQ(utf8_prefix("aüb", 10), "aüb");
  EXPECT_EQ(utf8_prefix("aüb", 3), "aü");
  EXPECT_EQ(utf8_prefix("aüb", 2), "a");
  EXPECT_EQ(utf8_prefix("üb", 1), "");
}

}  // namespace
}  // namespace maitred
