// The line about a photo: what is read, and what a taken-over process may try.
#include "maitred/link/photo_line.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "maitred/base/json.h"
#include "tests/support/photo_line.h"

namespace maitred {
namespace {

using nlohmann::json;

std::string code_of(const std::string& line) {
  const auto report = read_photo_line(line);
  return report ? "ok" : report.error().code;
}
std::string code_of(const json& report) { return code_of(json_text(report)); }

TEST(PhotoLine, AReportIsReadAsItIs) {
  const json whole = photo_report();
  const auto read = read_photo_line(json_text(whole) + "\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, whole);
  json judged = whole;
  judged["live"] = true;
  judged["liveness"] = 0.9;
  EXPECT_EQ(code_of(judged), "ok");
  judged["live"] = false;
  judged["liveness"] = 0.01;
  judged["warnings"] = {"the photo shows several faces"};
  EXPECT_EQ(code_of(judged), "ok");
}

TEST(PhotoLine, AReportWithoutAFieldIsRefusedWhicheverItIs) {
  const json whole = photo_report();
  for (const auto& [name, value] : whole.items()) {
    json report = whole;
    report.erase(name);
    EXPECT_EQ(code_of(report), "photo_failed") << name;
    for (const json& wrong : {json(), json(true), json(-7), json("x"), json(1e300), json::array(),
                              json::object(), json{{"a", 1}}}) {
      if (wrong.type() == value.type() || (wrong.is_array() && name == "warnings")) continue;
      report[name] = wrong;
      EXPECT_EQ(code_of(report), "photo_failed") << name << " " << wrong;
    }
  }
  for (const char* part : {"quality", "measures"}) {
    for (const auto& [name, value] : whole[part].items()) {
      json report = whole;
      report[part].erase(name);
      EXPECT_EQ(code_of(report), "photo_failed") << part << " " << name;
      report[part][name] = "0.5";
      EXPECT_EQ(code_of(report), "photo_failed") << part << " " << name;
    }
  }
}

TEST(PhotoLine, WhatIsOutOfRangeOrUnknownIsRefused) {
  const std::vector<std::function<void(json&)>> attacks = {
      [](json& it) { it["extra"] = 1; },
      [](json& it) { it["quality"]["extra"] = 1; },
      [](json& it) { it["measures"]["extra"] = 1; },
      [](json& it) { it["quality"]["overall"] = 1.5; },
      [](json& it) { it["measures"]["yaw"] = 1e12; },
      [](json& it) {
        it["box"] = {1, 2, 3};
      },
      [](json& it) {
        it["box"] = {1, 2, -3, 4};
      },
      [](json& it) {
        it["box"] = {1, 2, 3, "4"};
      },
      [](json& it) { it["engine"] = std::string(65, 'e'); },
      [](json& it) { it["engine"] = "retail\x1b[2J"; },
      [](json& it) { it["template"] = std::string(20'000, 'A'); },
      [](json& it) { it["warnings"] = {"a\x1b]0;title\x07"}; },
      [](json& it) { it["warnings"] = json::array({5}); },
      [](json& it) { it["warnings"] = std::vector<std::string>(17, "w"); },
      [](json& it) { it["warnings"] = {std::string(500, 'w')}; },
      [](json& it) { it["live"] = true; },  // by no measurement
      [](json& it) { it["liveness"] = 0.9; },
      [](json& it) {
        it["live"] = true;
        it["liveness"] = 0.1;
      },
      [](json& it) {
        it["live"] = "yes";
        it["liveness"] = 0.9;
      }};
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    json report = photo_report();
    attacks[i](report);
    EXPECT_EQ(code_of(report), "photo_failed") << "attack " << i;
  }
}

TEST(PhotoLine, WhatIsNoReportAtAllIsRefused) {
  for (const std::string line : {"",
                                 "\n",
                                 "null",
                                 "[]",
                                 "5",
                                 "\"text\"",
                                 "{",
                                 "{}",
                                 "{}{}",
                                 "\xff\xfe",
                                 R"({"error":5})",
                                 R"({"error":null})",
                                 R"({"error":[]})",
                                 R"({"error":{}})",
                                 R"({"error":{"code":"a"}})",
                                 R"({"error":{"code":"","message":"b"}})",
                                 R"({"error":{"code":"a","message":[]}})",
                                 R"({"error":{"fault":"2","code":"a","message":"b"}})",
                                 R"({"error":{"fault":9,"code":"a","message":"b"}})",
                                 R"({"a":[[[[[[1]]]]]]})"}) {
    const auto read = read_photo_line(line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().code, "photo_failed") << line;
    EXPECT_EQ(read.error().fault, Fault::kEnvironment) << line;
  }
  EXPECT_EQ(code_of("{\"warnings\":[\"" + std::string(kPhotoLineLimit_bytes, 'w') + "\"]}"),
            "photo_failed");
}

TEST(PhotoLine, ARefusalKeepsItsCodeAndItsFault) {
  const auto bad = read_photo_line(R"({"error":{"fault":2,"code":"no_face","message":"none"}})");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, "no_face");
  EXPECT_EQ(bad.error().message, "none");
  EXPECT_EQ(bad.error().fault, Fault::kInput);
  const auto broken =
      read_photo_line(R"({"error":{"fault":3,"code":"model_missing","message":"a\u001b[2J"}})");
  EXPECT_EQ(broken.error().fault, Fault::kEnvironment);
  EXPECT_EQ(broken.error().message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace maitred
