// The texts that a person reads: complete, and safe for the terminal.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "src/ctl/verbs/box/doctor_text.h"
#include "src/ctl/verbs/customers/customer_text.h"
#include "src/ctl/verbs/staff/alert_screen.h"

namespace maitred {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const WallTime kNow = *parse_time("2026-11-22T10:15:00Z");

TEST(Cell, IsADashForNothingAndHasNoControlCharacters) {
  const json object = {{"none", nullptr},
                       {"empty", ""},
                       {"text", "a\x1b[31m\nb"},
                       {"number", 7},
                       {"share", 0.123456}};
  EXPECT_EQ(cell(object, "absent"), "-");
  EXPECT_EQ(cell(object, "none"), "-");
  EXPECT_EQ(cell(object, "empty"), "-");
  EXPECT_EQ(cell(object, "text"), "a?[31m b");
  EXPECT_EQ(cell(object, "number"), "7");
  EXPECT_EQ(cell(object, "share"), "0.1235");
}

TEST(CustomersText, IsATableWithARowACustomer) {
  EXPECT_EQ(customers_text({{"customers", json::array()}}), "No customer is enrolled.\n");
  const std::string text = customers_text(
      {{"customers",
        {{{"id", "c1"}, {"name", "Ada"}, {"expires", nullptr}, {"withdrawn", nullptr}},
         {{"id", "c2"}, {"name", "Bea"}, {"withdrawn", "2026-11-01T00:00:00.000Z"}}}}});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, HasSubstr("Ada"));
  EXPECT_THAT(text.substr(text.find("c2")), HasSubstr("withdrawn"));
  EXPECT_THAT(text.substr(text.find("c1"), text.find("c2") - text.find("c1")),
              Not(HasSubstr("withdrawn")));
}

TEST(CustomerText, ShowsWhatIsHeld) {
  const json customer = {
      {"id", "c1"},
      {"name", "Ada"},
      {"preferences", {{"shoe", "43"}}},
      {"consent", {{"version", "v1"}, {"scopes", {"recognition", "history"}}, {"valid", true}}},
      {"asks", {{{"number", 1}, {"text", "trail\nshoes"}, {"open", true}}}},
      {"purchases", json::array()},
      {"appointments", {{{"number", 1}, {"at", "2026-12-01T10:00:00.000Z"}, {"with", "Kim"}}}}};
  const std::string text = customer_text(customer);
  EXPECT_THAT(text, HasSubstr("shoe = 43"));
  EXPECT_THAT(text, HasSubstr("recognition, history"));
  EXPECT_THAT(text, HasSubstr("trail shoes"));
  EXPECT_THAT(text, HasSubstr("Kim"));
  EXPECT_THAT(text, Not(HasSubstr("Purchases")));
  EXPECT_NO_THROW(customer_text(json::object()));
}

TEST(DoctorText, CountsFaultsAndTellsTheCure) {
  const Findings findings = {{"clock", "", Verdict::kGood, "it is right", ""},
                             {"camera", "entrance", Verdict::kAdvice, "it is dark", "add light"},
                             {"disk", "", Verdict::kFault, "it is full", "make room"}};
  const Answer answer = findings_answer(findings);
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.object["ok"], false);
  EXPECT_EQ(answer.object["faults"], 1);
  EXPECT_EQ(answer.object["advice"], 1);
  ASSERT_EQ(answer.object["findings"].size(), 3U);
  EXPECT_EQ(answer.object["findings"][1]["subject"], "entrance");
  EXPECT_THAT(answer.text, HasSubstr("-> make room"));
  EXPECT_THAT(answer.text, HasSubstr("camera entrance"));
  EXPECT_THAT(answer.text, HasSubstr("1 fault found"));
  const Answer good = findings_answer({findings[0]});
  EXPECT_EQ(good.status, 0);
  EXPECT_EQ(good.object["ok"], true);
  EXPECT_THAT(good.text, HasSubstr("No faults found"));
}

Alert alert_of(const std::string& visit, AlertState state = AlertState::kNew) {
  Alert alert;
  alert.visit = VisitId(visit);
  alert.state = state;
  alert.at = kNow - std::chrono::seconds{90};
  alert.camera = "entrance";
  alert.headline = fmt::format("Advisor for {}", visit);
  alert.customer.name = fmt::format("Name\x1b[2J of {}", visit);
  return alert;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(AlertScreen, AnEmptyListSaysWhetherAlertsCanCome) {
  AlertScreen screen;
  EXPECT_THAT(joined(screen.lines(kNow, {})), HasSubstr("Nobody waits"));
  screen.set_connected(false);
  EXPECT_THAT(joined(screen.lines(kNow, {})), HasSubstr("Not connected"));
  EXPECT_FALSE(screen.selected());
}

TEST(AlertScreen, ShowsEachOpenAlertOnceUntilItIsOver) {
  AlertScreen screen;
  screen.show(alert_of("v1"));
  screen.show(alert_of("v2"));
  screen.show(alert_of("v1"));
  EXPECT_EQ(screen.lines(kNow, {}).size(), 4U);
  const std::string text = joined(screen.lines(kNow, {}));
  EXPECT_THAT(text, HasSubstr("Advisor for v1"));
  EXPECT_THAT(text, HasSubstr("1 min"));
  EXPECT_THAT(text, Not(HasSubstr("\033[2J")));
  Alert claimed = alert_of("v1", AlertState::kClaimed);
  claimed.by = "Sam";
  screen.update(claimed);
  EXPECT_THAT(joined(screen.lines(kNow, {})), HasSubstr("claimed by Sam"));
  screen.update(alert_of("v1", AlertState::kClosed));
  EXPECT_EQ(screen.lines(kNow, {}).size(), 2U);
  screen.update(alert_of("unknown"));
  EXPECT_EQ(screen.lines(kNow, {}).size(), 2U);
}

TEST(AlertScreen, TheSelectionStaysOnAnAlert) {
  AlertScreen screen;
  for (const char* visit : {"v1", "v2", "v3"}) screen.show(alert_of(visit));
  screen.select_previous();
  EXPECT_EQ(screen.selected(), VisitId("v1"));
  for (int i = 0; i < 5; ++i) screen.select_next();
  EXPECT_EQ(screen.selected(), VisitId("v3"));
  screen.update(alert_of("v3", AlertState::kExpired));
  EXPECT_EQ(screen.selected(), VisitId("v2"));
}

TEST(AlertScreen, ASmallTerminalShowsTheSelectedAlertAndTheCount) {
  AlertScreen screen;
  for (int i = 1; i <= 9; ++i) screen.show(alert_of(fmt::format("v{}", i)));
  for (int i = 0; i < 6; ++i) screen.select_next();
  const auto lines = screen.lines(kNow, {40, 5});
  EXPECT_EQ(lines.size(), 5U);
  EXPECT_THAT(joined(lines), HasSubstr("of v7"));
  EXPECT_THAT(lines.back(), HasSubstr("of 9"));
}

TEST(AgeText, IsInSecondsThenMinutes) {
  EXPECT_EQ(age_text(Milliseconds{-5}), "0 s");
  EXPECT_EQ(age_text(Milliseconds{59'999}), "59 s");
  EXPECT_EQ(age_text(Milliseconds{120'000}), "2 min");
}

}  // namespace
}  // namespace maitred
