#include "maitred/doors/staff/staff_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace maitred {
namespace {

using testing::HasSubstr;
using testing::Not;

Alert alert() {
  Alert out;
  out.seq = 42;
  out.visit = VisitId("abcd2345efgh");
  out.at = *parse_time("2026-11-22T10:15:03.120Z");
  out.expires = *parse_time("2026-11-22T10:25:03.120Z");
  out.camera = "entrance";
  out.headline = "Advisor needed: trail shoes, size 43, were not in store last time";
  out.reason = Reason::kAsk;
  out.confidence = Confidence::kHigh;
  out.customer.id = CustomerId("c7k2mnop");
  out.customer.name = "Ada Example";
  out.customer.loyalty = "L-1";
  out.customer.preferences = {{"size", "43"}};
  out.customer.asks = {{1, "trail shoes, size 43", "SKU-9", *parse_time("2026-11-01"), true},
                       {2, "a rain jacket", "", *parse_time("2026-11-02"), true}};
  out.customer.recent = {{1, "SKU-9", "out_of_stock", *parse_time("2026-11-01")}};
  return out;
}

std::string refusal(std::string_view line) {
  const auto request = parse_request(line);
  return request ? "accepted" : request.error().code;
}

template <class Request>
Request good(std::string_view line) {
  auto request = parse_request(line);
  EXPECT_TRUE(request) << line << ": " << request.error().message;
  if (!request || !std::holds_alternative<Request>(*request)) {
    ADD_FAILURE() << "not the expected request: " << line;
    return {};
  }
  return std::get<Request>(std::move(*request));
}

TEST(StaffRequests, EachOfTheContractIsUnderstood) {
  EXPECT_EQ(good<StaffAuth>(R"({"type":"auth","token":"t0ken"})").token, "t0ken");
  EXPECT_EQ(good<StaffResume>(R"({"type":"resume","after":41})").after, 41U);
  EXPECT_EQ(good<StaffAck>(R"({"type":"ack","seq":42})").seq, 42U);
  const auto claim = good<StaffClaim>(R"({"type":"claim","visit":"v1","by":"Sam"})");
  EXPECT_EQ(claim.visit.value, "v1");
  EXPECT_EQ(claim.by, "Sam");
  const auto close = good<StaffClose>(
      R"({"type":"close","visit":"v1","outcome":"wrong_person","note":"line\nline"})");
  EXPECT_EQ(close.visit.value, "v1");
  EXPECT_EQ(close.outcome, Outcome::kWrongPerson);
  EXPECT_EQ(close.note, "line\nline");
  good<StaffPing>(R"({"type":"ping"})");
}

TEST(StaffRequests, WhatIsNotKnownOrNotNeededIsNoError) {
  good<StaffPing>("  {\"later\":{\"a\":[1]},\"type\":\"ping\"}\r");
  EXPECT_EQ(good<StaffClose>(R"({"type":"close","visit":"v","outcome":"served"})").note, "");
}

TEST(StaffRequests, WhatIsNotARequestIsRefused) {
  for (const std::string_view line :
       {"", "hello", "GET / HTTP/1.1", "[]", "42", "\"ping\"", "{\"type\":\"ping\"",
        "{\"type\":\"ping\"}{}", "\xff\xfe", "{\"type\":\"\xff\"}"}) {
    EXPECT_EQ(refusal(line), "not_json") << line;
  }
  for (const std::string_view line :
       {"{}", R"({"type":"sell"})", R"({"type":1})", R"({"type":null})", R"({"type":"PING"})"}) {
    EXPECT_EQ(refusal(line), "unknown_type") << line;
  }
}

TEST(StaffRequests, FieldsAreChecked) {
  const std::string long_name(65, 'x');
  for (const std::string& line : {
           std::string(R"({"type":"resume"})"),
           std::string(R"({"type":"resume","after":-1})"),
           std::string(R"({"type":"resume","after":1.5})"),
           std::string(R"({"type":"resume","after":"1"})"),
           std::string(R"({"type":"resume","after":99999999999999999999})"),
           std::string(R"({"type":"ack","seq":null})"),
           std::string(R"({"type":"auth","token":""})"),
           std::string(R"({"type":"auth","token":7})"),
           std::string(R"({"type":"claim","visit":"v"})"),
           std::string(R"({"type":"claim","visit":"","by":"Sam"})"),
           std::string(R"({"type":"claim","visit":["v"],"by":"Sam"})"),
           std::string(R"({"type":"claim","visit":"v","by":"a\nb"})"),
           std::string(R"({"type":"claim","visit":"v","by":"\u001b[2J"})"),
           std::string(R"({"type":"claim","visit":"v","by":"a\u0000b"})"),
           R"({"type":"claim","visit":"v","by":")" + long_name + "\"}",
           R"({"type":"claim","by":"Sam","visit":")" + long_name + "\"}",
           std::string(R"({"type":"close","visit":"v"})"),
           std::string(R"({"type":"close","visit":"v","outcome":"open"})"),
           std::string(R"({"type":"close","visit":"v","outcome":"expired"})"),
           std::string(R"({"type":"close","visit":"v","outcome":"sold"})"),
           std::string(R"({"type":"close","visit":"v","outcome":"served","note":1})"),
           R"({"type":"close","visit":"v","outcome":"served","note":")" + std::string(2001, 'n') +
               "\"}",
       }) {
    EXPECT_EQ(refusal(line), "bad_field") << line;
  }
}

TEST(StaffRequests, ALineHas16KiBAnd8Levels) {
  const std::string ping = R"({"type":"ping"})";
  EXPECT_EQ(refusal(ping + std::string(kStaffLineLimitBytes - ping.size(), ' ')), "accepted");
  EXPECT_EQ(refusal(ping + std::string(kStaffLineLimitBytes - ping.size() + 1, ' ')),
            "line_too_long");
  const auto nested = [](std::size_t levels) {
    return R"({"type":"ping","x":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') +
           "}";
  };
  EXPECT_EQ(refusal(nested(8)), "accepted");
  EXPECT_EQ(refusal(nested(9)), "too_deep");
  EXPECT_EQ(refusal(std::string(16000, '[')), "too_deep");
}

TEST(StaffRequests, ClientsWriteWhatTheServerReads) {
  EXPECT_EQ(good<StaffAuth>(request_line(StaffAuth{"x"})).token, "x");
  EXPECT_EQ(good<StaffResume>(request_line(StaffResume{9})).after, 9U);
  EXPECT_EQ(good<StaffAck>(request_line(StaffAck{9})).seq, 9U);
  EXPECT_EQ(good<StaffClaim>(request_line(StaffClaim{VisitId("v"), "Zoë"})).by, "Zoë");
  const auto close = good<StaffClose>(
      request_line(StaffClose{VisitId("v"), Outcome::kDeclined, "a \"note\"", "Sam"}));
  EXPECT_EQ(close.note, "a \"note\"");
  EXPECT_EQ(close.by, "Sam");
  EXPECT_EQ(close.outcome, Outcome::kDeclined);
  const auto bare =
      good<StaffClose>(request_line(StaffClose{VisitId("v"), Outcome::kServed, "", ""}));
  EXPECT_EQ(bare.note + bare.by, "");
  const auto lines = good<StaffClose>(
      R"({"type":"close","visit":"v","outcome":"served","note":"a\tb\nc","by":""})");
  EXPECT_EQ(lines.note, "a\tb\nc");
  good<StaffPing>(request_line(StaffPing{}));
}

TEST(StaffLines, AnAlertIsAsInTheContract) {
  EXPECT_EQ(
      alert_line(alert()),
      R"({"type":"alert","seq":42,"visit":"abcd2345efgh","state":"new","at":"2026-11-22T10:15:03.120Z",)"
      R"("expires":"2026-11-22T10:25:03.120Z","camera":"entrance",)"
      R"("headline":"Advisor needed: trail shoes, size 43, were not in store last time",)"
      R"("reason":"ask","customer":{"id":"c7k2mnop","name":"Ada Example","loyalty":"L-1",)"
      R"("preferences":{"size":"43"},"asks":[{"text":"trail shoes, size 43","item":"SKU-9",)"
      R"("at":"2026-11-01T00:00:00.000Z"},{"text":"a rain jacket","at":"2026-11-02T00:00:00.000Z"}],)"
      R"("recent":[{"item":"SKU-9","status":"out_of_stock","date":"2026-11-01T00:00:00.000Z"}]},)"
      R"("confidence":"high"})");
}

TEST(StaffLines, PositionIsInSecondsAndOnlyForFiles) {
  Alert one = alert();
  EXPECT_THAT(alert_line(one), Not(HasSubstr("position")));
  one.position = Milliseconds{12345};
  EXPECT_THAT(alert_line(one), HasSubstr("\"position\":12.345"));
  one.position = Milliseconds{100};
  EXPECT_THAT(alert_line(one), HasSubstr("\"position\":0.1}"));
}

TEST(StaffLines, WithoutPurchasesToShowThereIsNoRecent) {
  Alert one = alert();
  one.customer.recent.clear();
  EXPECT_THAT(alert_line(one), Not(HasSubstr("recent")));
}

TEST(StaffLines, AppointmentsThatAreDueAreTold) {
  Alert one = alert();
  EXPECT_THAT(alert_line(one), Not(HasSubstr("appointments")));
  one.customer.appointments = {{7, *parse_time("2026-11-22T10:30:00Z"), "Kim", "booking-5"}};
  EXPECT_THAT(alert_line(one),
              HasSubstr(R"("appointments":[{"at":"2026-11-22T10:30:00.000Z","with":"Kim"}]})"));
}

TEST(StaffLines, UpdatesSayWhatApplies) {
  Alert one = alert();
  one.seq = 43;
  one.state = AlertState::kEscalated;
  one.escalation = 2;
  EXPECT_EQ(event_line(one),
            R"({"type":"update","seq":43,"visit":"abcd2345efgh","state":"escalated",)"
            R"("at":"2026-11-22T10:15:03.120Z","escalation":2})");
  one.state = AlertState::kClaimed;
  one.escalation = 0;
  one.by = "Sam";
  EXPECT_THAT(event_line(one),
              HasSubstr(R"("state":"claimed","at":"2026-11-22T10:15:03.120Z","by":"Sam"})"));
  one.state = AlertState::kClosed;
  one.outcome = Outcome::kServed;
  EXPECT_THAT(event_line(one), HasSubstr(R"("by":"Sam","outcome":"served"})"));
  EXPECT_THAT(event_line(one), Not(HasSubstr("Ada")));
  one.state = AlertState::kNew;
  EXPECT_THAT(event_line(one), HasSubstr(R"("type":"alert")"));
}

TEST(StaffLines, TheOthersAreAsInTheContract) {
  EXPECT_EQ(
      hello_line("maitred 1.0.0", "uuid", *parse_time("2026-11-22T10:15:03.120Z")),
      R"({"type":"hello","protocol":1,"server":"maitred 1.0.0","store":"uuid","started":"2026-11-22T10:15:03.120Z"})");
  EXPECT_EQ(claimed_line(VisitId("v"), "Sam", true),
            R"({"type":"claimed","visit":"v","by":"Sam","ok":true})");
  EXPECT_EQ(pong_line(), R"({"type":"pong"})");
  EXPECT_EQ(error_line({Fault::kInput, "not_json", "no \"JSON\""}),
            R"({"type":"error","code":"not_json","message":"no \"JSON\""})");
}

TEST(StaffLines, AnAlertAlwaysFitsALineAndKeepsWhatMatters) {
  Alert big = alert();
  for (int i = 0; i < 500; ++i) {
    big.customer.recent.push_back({1, "SKU-" + std::to_string(i), "bought", big.at});
    big.customer.asks.push_back({1, std::string(100, 'a'), "", big.at, true});
  }
  const std::string line = alert_line(big);
  EXPECT_LE(line.size(), kStaffLineLimitBytes);
  EXPECT_THAT(line, HasSubstr("trail shoes, size 43"));
  EXPECT_THAT(line, HasSubstr("Ada Example"));
  EXPECT_TRUE(parse_server_line(line));
  for (int i = 0; i < 9000; ++i) {
    big.headline += "\x01ü";
    big.customer.name += "ü";
    big.customer.preferences.emplace(std::to_string(i), "x");
  }
  const std::string smaller = alert_line(big);
  EXPECT_LE(smaller.size(), kStaffLineLimitBytes);
  EXPECT_TRUE(parse_server_line(smaller));
}

TEST(StaffLines, NewlinesAndBrokenTextStayWithinTheLine) {
  Alert one = alert();
  one.customer.name = "two\nlines \xff";
  EXPECT_THAT(alert_line(one), Not(HasSubstr("\n")));
  EXPECT_TRUE(parse_server_line(alert_line(one)));
}

TEST(StaffLines, AlertsComeBackFromJson) {
  Alert sent = alert();
  sent.position = Milliseconds{12345};
  sent.state = AlertState::kClosed;
  sent.escalation = 1;
  sent.by = "Sam";
  sent.outcome = Outcome::kNotFound;
  const auto got = alert_from_json(to_json(sent));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(to_json(*got), to_json(sent));
  EXPECT_EQ(nlohmann::json::parse(alert_line(sent)), to_json(sent));
}

TEST(StaffLines, ClientsReadWhatTheServerWrites) {
  EXPECT_EQ(std::get<StaffHello>(*parse_server_line(hello_line("m", "s", WallTime{}))).store, "s");
  EXPECT_EQ(std::get<StaffAlert>(*parse_server_line(alert_line(alert()))).alert.seq, 42U);
  const auto claimed =
      std::get<StaffClaimed>(*parse_server_line(claimed_line(VisitId("v"), "Sam", false)));
  EXPECT_EQ(claimed.by, "Sam");
  EXPECT_FALSE(claimed.ok);
  EXPECT_TRUE(std::holds_alternative<StaffPong>(*parse_server_line(pong_line())));
  EXPECT_EQ(std::get<StaffError>(*parse_server_line(error_line({Fault::kInput, "c", "m"}))).code,
            "c");
  EXPECT_TRUE(std::holds_alternative<StaffOther>(*parse_server_line(R"({"type":"party"})")));
  for (const std::string_view bad :
       {"", "{}", R"({"type":"alert"})", R"({"type":"hello"})", R"({"type":"claimed","visit":"v"})",
        R"({"type":"hello","protocol":1,"server":7})",
        R"({"type":"claimed","visit":"v","by":"Sam","ok":1})",
        R"({"type":"alert","seq":1,"visit":"v","state":"new","at":"yesterday"})",
        R"({"type":"update","seq":1,"visit":"v","state":"lost"})",
        R"({"type":"alert","seq":1,"visit":"v","state":"new","customer":[]})",
        R"({"type":"alert","seq":1,"visit":"v","state":"new","position":-1})",
        R"({"type":"alert","seq":1,"visit":"v","state":"new","customer":{"asks":[1]}})"}) {
    EXPECT_FALSE(parse_server_line(bad)) << bad;
  }
}

TEST(StaffLines, WhatATerminalShowsCannotSteerIt) {
  Alert one = alert();
  one.customer.name = "Ada\x1b[2J";
  one.customer.preferences = {{"k\x1b", "v\x1b"}};
  const auto got = parse_server_line(alert_line(one));
  ASSERT_TRUE(got);
  const CustomerView& customer = std::get<StaffAlert>(*got).alert.customer;
  EXPECT_EQ(customer.name, "Ada?[2J");
  EXPECT_EQ(customer.preferences.at("k?"), "v?");
}

}  // namespace
}  // namespace maitred
