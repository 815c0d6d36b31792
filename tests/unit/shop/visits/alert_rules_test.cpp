#include "maitred/shop/visits/alert_rules.h"

#include <gmock/gmock.h>

#include "maitred/shop/visits/rules.h"
#include "maitred/shop/visits/visit_book.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 10h + 15min};

AlertRule rule(RuleWhen when, std::string headline = "") {
  AlertRule one;
  one.name = std::string(word(when));
  one.when = when;
  one.headline = std::move(headline);
  return one;
}

// A customer for whom each kind of rule applies, or none but arrival.
class AlertRules : public testing::Test {
 protected:
  AlertRules() {
    customer_.id = CustomerId("c7k2aaaa");
    customer_.name = "Ada Example";
  }
  void with_everything() {
    customer_.loyalty = "L-1";
    customer_.tier = "Gold";
    customer_.preferences = {{"size", "43"}};
    customer_.asks = {{1, "trail shoes, size 43", "TS-43", kNow - 24h, true}};
    customer_.recent = {{1, "TS-43", "out_of_stock", kNow - 48h}};
    appointments_ = {{1, kNow + 15min, "Yara"}};
  }
  RuleFacts facts() const { return {customer_, appointments_, "entrance", now_, offset_, uses_}; }
  std::vector<std::string> verdicts(const std::vector<AlertRule>& rules) const {
    std::vector<std::string> words;
    for (const RuleJudgement& one : judge_rules(rules, facts())) {
      words.emplace_back(word(one.verdict));
    }
    return words;
  }
  std::string said(const AlertRule& one) const {
    const auto alert = apply_rules(std::vector{one}, facts());
    return alert ? alert->headline : "(none)";
  }

  CustomerView customer_;
  std::vector<Appointment> appointments_;
  std::vector<RuleUse> uses_;
  WallTime now_ = kNow;
  Milliseconds offset_{0};
};

constexpr RuleWhen kAll[] = {RuleWhen::kAsk, RuleWhen::kOutOfStock, RuleWhen::kAppointment,
                             RuleWhen::kTier, RuleWhen::kArrival};

TEST_F(AlertRules, EachAppliesToWhatItSays) {
  for (const RuleWhen when : kAll) {
    EXPECT_EQ(said(rule(when)) == "(none)", when != RuleWhen::kArrival) << word(when);
  }
  with_everything();
  EXPECT_EQ(said(rule(RuleWhen::kAsk)),
            "Advisor needed: trail shoes, size 43, were not in store last time");
  EXPECT_EQ(said(rule(RuleWhen::kOutOfStock)),
            "Advisor needed: trail shoes, size 43, were not in store last time");
  EXPECT_EQ(said(rule(RuleWhen::kAppointment)), "Appointment 10:30 with Yara");
  EXPECT_EQ(said(rule(RuleWhen::kTier)), "Loyalty customer has arrived: Gold");
  EXPECT_EQ(said(rule(RuleWhen::kArrival)), "A customer who asked to be recognised has arrived");
}

TEST_F(AlertRules, TheReasonOnTheWireFollowsTheRule) {
  with_everything();
  const Reason expected[] = {Reason::kAsk, Reason::kAsk, Reason::kAppointment, Reason::kLoyalty,
                             Reason::kArrival};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(apply_rules(std::vector{rule(kAll[i])}, facts())->reason, expected[i]);
  }
}

TEST_F(AlertRules, TheFirstThatAppliesRaisesAndNoOther) {
  const std::vector<AlertRule> rules = {rule(RuleWhen::kAppointment), rule(RuleWhen::kTier),
                                        rule(RuleWhen::kArrival)};
  EXPECT_THAT(verdicts(rules), ElementsAre("does_not_apply", "does_not_apply", "raises"));
  customer_.tier = "gold";
  EXPECT_THAT(verdicts(rules), ElementsAre("does_not_apply", "raises", "preceded"));
  appointments_ = {{1, kNow, ""}};
  EXPECT_THAT(verdicts(rules), ElementsAre("raises", "preceded", "preceded"));
  EXPECT_EQ(apply_rules(rules, facts())->rule, "appointment");
  EXPECT_FALSE(apply_rules({}, facts()));
}

TEST_F(AlertRules, OutOfStockIsOverOnceTheItemWasBought) {
  customer_.recent = {{1, "Tent", "out_of_stock", kNow - 48h}};
  EXPECT_EQ(said(rule(RuleWhen::kOutOfStock)), "Was not in store last time: Tent");
  customer_.recent.push_back({2, "tent", "bought", kNow - 24h});
  EXPECT_EQ(said(rule(RuleWhen::kOutOfStock)), "(none)");
  customer_.recent.push_back({3, "tent", "out_of_stock", kNow - 1h});
  EXPECT_EQ(said(rule(RuleWhen::kOutOfStock)), "Was not in store last time: tent");
}

TEST_F(AlertRules, AppointmentsCountWithinTheTimeBeforeAndAfter) {
  AlertRule soon = rule(RuleWhen::kAppointment);
  soon.within = 30min;
  for (const auto& [minutes, applies] :
       {std::pair{-31, false}, {-30, true}, {0, true}, {30, true}, {31, false}}) {
    appointments_ = {{1, kNow + std::chrono::minutes{minutes}, "Yara"}};
    EXPECT_EQ(said(soon) != "(none)", applies) << minutes;
  }
}

TEST_F(AlertRules, TiersAreComparedWithoutCase) {
  AlertRule gold = rule(RuleWhen::kTier);
  gold.tier = "GOLD";
  EXPECT_EQ(said(gold), "(none)");
  customer_.tier = "gold";
  EXPECT_NE(said(gold), "(none)");
  customer_.tier = "silver";
  EXPECT_EQ(said(gold), "(none)");
  AlertRule any = rule(RuleWhen::kTier);
  EXPECT_NE(said(any), "(none)");
  customer_.tier.clear();
  EXPECT_EQ(said(any), "(none)");
  customer_.loyalty = "L-1";
  EXPECT_EQ(said(any), "Loyalty customer has arrived");
}

TEST_F(AlertRules, HeadlinesAreFilledIn) {
  with_everything();
  offset_ = 1h;
  EXPECT_EQ(said(rule(RuleWhen::kArrival,
                      "{name} ({tier}, {loyalty}) at {camera}: {ask} [{item}], size "
                      "{preference:size}{preference:none}, {time} with {with}")),
            "Ada Example (Gold, L-1) at entrance: trail shoes, size 43 [TS-43], size 43, 11:30 "
            "with Yara");
  // With nothing to fill in, the usual one rather than none.
  customer_ = {};
  EXPECT_EQ(said(rule(RuleWhen::kArrival, "{ask}")),
            "A customer who asked to be recognised has arrived");
}

TEST_F(AlertRules, WhatIsNotKnownIsLeftOut) {
  const std::string everything = "[{ask}{item}{with}{time}{tier}{preference:size}{nonsense}]";
  EXPECT_EQ(said(rule(RuleWhen::kArrival, everything)), "[]");
  customer_.asks = {{1, "", "TS-43", kNow - 24h, true}};
  EXPECT_EQ(said(rule(RuleWhen::kArrival, "{ask}")), "TS-43");
  customer_.asks = {{1, "trail shoes", "", kNow - 24h, true}};
  EXPECT_EQ(said(rule(RuleWhen::kArrival, "[{item}]")), "[]");
  customer_.recent = {{1, "rope", "out_of_stock", kNow - 48h}};
  EXPECT_EQ(said(rule(RuleWhen::kArrival, "[{item}]")), "[rope]");
}

TEST_F(AlertRules, OfSeveralThingsThatWereMissingTheNewestIsNamed) {
  const AlertRule missing = rule(RuleWhen::kOutOfStock);
  const std::string says = "Was not in store last time: ";
  customer_.recent = {{1, "rope", "out_of_stock", kNow - 48h}, {2, "tent", "bought", kNow - 24h}};
  EXPECT_EQ(said(missing), says + "rope");
  customer_.recent[1] = {2, "tent", "out_of_stock", kNow - 24h};
  EXPECT_EQ(said(missing), says + "tent");
  std::swap(customer_.recent[0], customer_.recent[1]);
  EXPECT_EQ(said(missing), says + "tent");
  customer_.recent[1].date = customer_.recent[0].date;  // at once: the number decides
  EXPECT_EQ(said(missing), says + "tent");
  customer_.recent.push_back({3, "Tent", "out_of_stock", kNow - 12h});  // still missing
  EXPECT_EQ(said(missing), says + "Tent");
  customer_.recent.push_back({4, "TENT", "bought", kNow - 12h});
  EXPECT_EQ(said(missing), says + "rope");
}

TEST_F(AlertRules, AHeadlineIsOneShortLineWhateverIsPutIn) {
  customer_.name = "A\nB\x1b[2J" + std::string(400, 'x');
  const std::string headline = said(rule(RuleWhen::kArrival, "{name} {name}"));
  EXPECT_LE(headline.size(), kHeadlineBytes);
  EXPECT_EQ(headline.find('\n'), std::string::npos);
  EXPECT_EQ(headline.find('\x1b'), std::string::npos);
  customer_.name = "A\x7f";
  EXPECT_EQ(said(rule(RuleWhen::kArrival, "{name}!")), "A !");
  customer_.name = std::string(400, '\x80');  // no character begins in it
  EXPECT_EQ(said(rule(RuleWhen::kArrival, "{name}")), "...");
  customer_.name = "{tier}{name}";  // what is filled in is not filled in again
  EXPECT_EQ(said(rule(RuleWhen::kArrival, "{name}")), "{tier}{name}");
}

TEST_F(AlertRules, InQuietHoursTheNextRuleIsAsked) {
  AlertRule day = rule(RuleWhen::kArrival, "day");
  day.quiet = QuietHours::parse("10:00-10:30");
  EXPECT_THAT(verdicts({day, rule(RuleWhen::kArrival)}), ElementsAre("quiet", "raises"));
  offset_ = 2h;  // of the shop's clock
  EXPECT_THAT(verdicts({day, rule(RuleWhen::kArrival)}), ElementsAre("raises", "preceded"));
  now_ = kNow - 3h;
  offset_ = 3h;
  EXPECT_THAT(verdicts({day}), ElementsAre("quiet"));
}

TEST_F(AlertRules, SnoozeIsOfThisRuleAndCustomer) {
  AlertRule often = rule(RuleWhen::kArrival);
  often.snooze = 2h;
  uses_ = {{"arrival", kNow - 2h}, {"another", kNow - 1min}};
  EXPECT_THAT(verdicts({often}), ElementsAre("raises"));
  uses_.push_back({"arrival", kNow - 2h + 1ms});
  EXPECT_THAT(verdicts({often}), ElementsAre("snoozed"));
  EXPECT_THAT(verdicts({often, rule(RuleWhen::kArrival)}), ElementsAre("snoozed", "raises"));
}

TEST_F(AlertRules, AVisitWithoutARuleForItIsLoggedWithoutAnAlert) {
  VisitRules rules;
  rules.alert_rules = {rule(RuleWhen::kTier, "{tier}: {name}")};
  rules.alert_rules[0].priority = Priority::kHigh;
  rules.alert_rules[0].audience.skill = "shoes";
  VisitBook book(rules);
  Match match;
  match.customer = customer_.id;
  match.camera = "entrance";
  match.first_seen = match.at = kNow;
  ArrivalContext context;
  context.fresh_id = VisitId("v1");
  context.view = customer_;
  const auto quiet = std::get<NewVisit>(book.plan_arrival(match, context));
  EXPECT_FALSE(quiet.alert);
  EXPECT_FALSE(quiet.visit.holdout);
  context.view.tier = "Gold";
  const auto loud = std::get<NewVisit>(book.plan_arrival(match, context));
  ASSERT_TRUE(loud.alert);
  EXPECT_EQ(loud.alert->headline, "Gold: Ada Example");
  EXPECT_EQ(loud.alert->rule, "tier");
  EXPECT_EQ(loud.alert->priority, Priority::kHigh);
  EXPECT_EQ(loud.alert->audience.skill, "shoes");
}

TEST(QuietHours, CoverTheirMinutes) {
  const auto night = QuietHours::parse("22:00-07:30");
  ASSERT_TRUE(night);
  for (const auto& [minute, quiet] : {std::pair{21 * 60 + 59, false},
                                      {22 * 60, true},
                                      {0, true},
                                      {7 * 60 + 29, true},
                                      {7 * 60 + 30, false},
                                      {720, false}}) {
    EXPECT_EQ(night->cover(minute), quiet) << minute;
  }
  const auto noon = QuietHours::parse("12:00-13:00");
  EXPECT_TRUE(noon->cover(720));
  EXPECT_FALSE(noon->cover(780));
  EXPECT_TRUE(QuietHours::parse("20:00-24:00")->cover(1439));
  for (const char* bad : {"", "22-7", "25:00-07:00", "22:60-07:00", "22:00 07:00", "22:00-22:00",
                          "2x:00-07:00", "24:30-07:00"}) {
    EXPECT_FALSE(QuietHours::parse(bad)) << bad;
  }
}

TEST(Placeholders, UnknownOnesAreNamed) {
  EXPECT_FALSE(unknown_placeholder("{name} {preference:size} wants {ask}"));
  EXPECT_EQ(unknown_placeholder("{name} {nmae}"), "{nmae}");
  EXPECT_EQ(unknown_placeholder("{preference:}"), "{preference:}");
  EXPECT_EQ(unknown_placeholder("a {name"), "{name");
}

}  // namespace
}  // namespace maitred
