#include "maitred/shop/visits/visit_book.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using namespace std::chrono_literals;

const WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 10h};
const CustomerId kAnna("anna2345");
const VisitId kVisit("v1");

class VisitBookTest : public ::testing::Test {
 protected:
  ArrivalPlan plan(WallTime at, const std::string& id, const CustomerId& customer = kAnna) const {
    Match match;
    match.customer = customer;
    match.camera = "door";
    match.first_seen = at - 1s;
    match.at = at;
    match.confidence = Confidence::kHigh;
    match.position = 1500ms;
    ArrivalContext context;
    context.fresh_id = VisitId(id);
    context.view.id = customer;
    context.view.name = "Anna";
    context.holdout_draw = draw_;
    return book_.plan_arrival(match, context);
  }
  // Whether it was a new visit.
  bool arrive(WallTime at, const std::string& id, const CustomerId& customer = kAnna) {
    const auto planned = plan(at, id, customer);
    book_.apply(planned);
    return std::holds_alternative<NewVisit>(planned);
  }
  void close(Outcome outcome, WallTime at = kStart) {
    book_.apply(book_.plan_close(kVisit, outcome, "", "Sam", at).value());
  }
  void claim(const std::string& by, WallTime at) {
    book_.apply(*book_.plan_claim(kVisit, by, at).value().change);
  }

  VisitBook book_{VisitRules{}};
  double draw_ = 0.5;
};

TEST_F(VisitBookTest, AnArrivalIsAVisitWithAnAlert) {
  const auto planned = plan(kStart, "v1");
  const auto& fresh = std::get<NewVisit>(planned);
  EXPECT_EQ(fresh.visit.id, kVisit);
  EXPECT_EQ(fresh.visit.customer, kAnna);
  EXPECT_EQ(fresh.visit.camera, "door");
  EXPECT_EQ(fresh.visit.start, kStart - 1s);
  EXPECT_EQ(fresh.visit.end, kStart);
  EXPECT_EQ(fresh.visit.outcome, Outcome::kOpen);
  EXPECT_FALSE(fresh.visit.holdout);
  ASSERT_TRUE(fresh.alert);
  EXPECT_EQ(fresh.alert->visit, kVisit);
  EXPECT_EQ(fresh.alert->state, AlertState::kNew);
  EXPECT_EQ(fresh.alert->at, kStart);
  EXPECT_EQ(fresh.alert->expires, kStart + 10min);
  EXPECT_EQ(fresh.alert->camera, "door");
  EXPECT_EQ(fresh.alert->reason, Reason::kArrival);
  EXPECT_FALSE(fresh.alert->headline.empty());
  EXPECT_EQ(fresh.alert->customer.name, "Anna");
  EXPECT_EQ(fresh.alert->confidence, Confidence::kHigh);
  EXPECT_EQ(fresh.alert->position, 1500ms);
}

TEST_F(VisitBookTest, APlanThatIsNotAppliedHasNotHappened) {
  plan(kStart, "v1");
  EXPECT_EQ(book_.open_alerts(), 0U);
  EXPECT_EQ(book_.plan_claim(kVisit, "Sam", kStart).error().code, "unknown_visit");
  EXPECT_TRUE(arrive(kStart, "v2"));
}

TEST_F(VisitBookTest, OneAlertAVisitUntilTheCooldownIsOver) {
  EXPECT_TRUE(arrive(kStart, "v1"));
  EXPECT_FALSE(arrive(kStart + 3h, "v2"));
  // The cooldown counts from when the customer was seen last.
  EXPECT_FALSE(arrive(kStart + 7h, "v3"));
  EXPECT_TRUE(arrive(kStart + 11h + 1ms, "v4"));
}

TEST_F(VisitBookTest, TheCooldownsEndBelongsToTheVisit) {
  EXPECT_TRUE(arrive(kStart, "v1"));
  EXPECT_TRUE(std::holds_alternative<ExtendedVisit>(plan(kStart + 4h, "v2")));
  EXPECT_TRUE(std::holds_alternative<NewVisit>(plan(kStart + 4h + 1ms, "v2")));
}

TEST_F(VisitBookTest, CamerasMayBeOutOfOrder) {
  EXPECT_TRUE(arrive(kStart, "v1"));
  const auto earlier = plan(kStart - 30s, "v2");
  ASSERT_TRUE(std::holds_alternative<ExtendedVisit>(earlier));
  EXPECT_EQ(std::get<ExtendedVisit>(earlier).end, kStart) << "an end never moves back";
  book_.apply(earlier);
  EXPECT_EQ(std::get<ExtendedVisit>(plan(kStart + 5s, "v2")).end, kStart + 5s);
}

TEST_F(VisitBookTest, AClockThatWasWrongDoesNotSilenceACustomer) {
  EXPECT_TRUE(arrive(kStart + 10000h, "v1"));
  EXPECT_TRUE(arrive(kStart, "v2"));
  EXPECT_FALSE(arrive(kStart + 1min, "v3"));
}

TEST_F(VisitBookTest, CustomersDoNotShareACooldown) {
  EXPECT_TRUE(arrive(kStart, "v1"));
  EXPECT_TRUE(arrive(kStart, "v2", CustomerId("bert2345")));
  EXPECT_EQ(book_.open_alerts(), 2U);
}

TEST_F(VisitBookTest, StayingInViewProlongsTheVisit) {
  EXPECT_FALSE(book_.plan_seen(kAnna, kStart));
  arrive(kStart, "v1");
  EXPECT_FALSE(book_.plan_seen(kAnna, kStart));
  EXPECT_FALSE(book_.plan_seen(kAnna, kStart - 1s));
  for (int hour = 1; hour <= 10; ++hour) {
    const auto seen = book_.plan_seen(kAnna, kStart + std::chrono::hours(hour));
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->visit, kVisit);
    book_.apply(*seen);
  }
  EXPECT_FALSE(book_.plan_seen(kAnna, kStart + 15h)) << "that is another visit";
  EXPECT_FALSE(arrive(kStart + 14h, "v2"));
}

TEST_F(VisitBookTest, AHoldoutCustomerIsLoggedWithoutAlert) {
  VisitRules rules;
  rules.holdout = 0.3;
  book_ = VisitBook(rules);
  draw_ = 0.299;
  const auto held = plan(kStart, "v1");
  EXPECT_TRUE(std::get<NewVisit>(held).visit.holdout);
  EXPECT_FALSE(std::get<NewVisit>(held).alert);
  book_.apply(held);
  EXPECT_EQ(book_.open_alerts(), 0U);
  EXPECT_FALSE(book_.next_deadline());
  EXPECT_FALSE(arrive(kStart + 1h, "v2"));
  EXPECT_EQ(book_.plan_claim(kVisit, "Sam", kStart).error().code, "not_open");
  EXPECT_EQ(book_.plan_close(kVisit, Outcome::kServed, "", "Sam", kStart).error().code, "not_open");
  draw_ = 0.3;
  EXPECT_TRUE(std::get<NewVisit>(plan(kStart, "v3", CustomerId("bert2345"))).alert);
}

TEST_F(VisitBookTest, AMistakenPersonDoesNotHideTheRealOne) {
  arrive(kStart, "v1");
  close(Outcome::kWrongPerson);
  EXPECT_FALSE(arrive(kStart + 9min, "v2")) << "whoever was mistaken is still there";
  EXPECT_TRUE(arrive(kStart + 20min, "v3"));
}

TEST_F(VisitBookTest, AServedCustomerIsNotAnnouncedAgain) {
  arrive(kStart, "v1");
  close(Outcome::kServed);
  EXPECT_FALSE(arrive(kStart + 1h, "v2"));
}

TEST_F(VisitBookTest, TheFirstClaimWins) {
  arrive(kStart, "v1");
  const auto first = book_.plan_claim(kVisit, "Sam", kStart + 5s).value();
  EXPECT_TRUE(first.ok);
  ASSERT_TRUE(first.change);
  EXPECT_EQ(first.change->state, AlertState::kClaimed);
  EXPECT_EQ(first.change->by, "Sam");
  EXPECT_EQ(first.change->customer, kAnna);
  EXPECT_EQ(first.change->outcome, Outcome::kOpen);
  book_.apply(*first.change);
  const auto second = book_.plan_claim(kVisit, "Kim", kStart + 6s).value();
  EXPECT_FALSE(second.ok);
  EXPECT_EQ(second.by, "Sam");
  EXPECT_FALSE(second.change);
  const auto again = book_.plan_claim(kVisit, "Sam", kStart + 7s).value();
  EXPECT_TRUE(again.ok);
  EXPECT_FALSE(again.change);
  EXPECT_EQ(book_.plan_claim(kVisit, "", kStart).error().code, "no_name");
}

TEST_F(VisitBookTest, AClosedAlertKeepsItsAnswer) {
  arrive(kStart, "v1");
  claim("Sam", kStart + 5s);
  const auto change = book_.plan_close(kVisit, Outcome::kDeclined, "in a hurry", "", kStart + 1min);
  EXPECT_EQ(change->state, AlertState::kClosed);
  EXPECT_EQ(change->outcome, Outcome::kDeclined);
  EXPECT_EQ(change->note, "in a hurry");
  EXPECT_EQ(change->by, "Sam") << "who claimed it, when nobody is named";
  EXPECT_EQ(change->at, kStart + 1min);
  book_.apply(*change);
  EXPECT_EQ(book_.plan_close(kVisit, Outcome::kServed, "", "Kim", kStart).error().code,
            "already_closed");
  EXPECT_EQ(book_.plan_claim(kVisit, "Kim", kStart).error().code, "not_open");
}

TEST_F(VisitBookTest, OnlyAnAnswerClosesAVisit) {
  arrive(kStart, "v1");
  for (const Outcome outcome : {Outcome::kOpen, Outcome::kExpired, Outcome::kWithdrawn}) {
    const auto change = book_.plan_close(kVisit, outcome, "", "Sam", kStart);
    EXPECT_EQ(change.error().code, "bad_outcome");
    EXPECT_EQ(change.error().fault, Fault::kInput);
  }
}

TEST_F(VisitBookTest, AnUnansweredAlertEscalatesAndExpires) {
  arrive(kStart, "v1");
  EXPECT_EQ(book_.next_deadline(), kStart + 20s);
  EXPECT_TRUE(book_.due(kStart + 20s - 1ms).empty());
  auto changes = book_.due(kStart + 20s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, AlertState::kEscalated);
  EXPECT_EQ(changes[0].escalation, 1);
  EXPECT_EQ(book_.due(kStart + 20s).size(), 1U) << "until it is applied";
  book_.apply(changes[0]);
  EXPECT_TRUE(book_.due(kStart + 59s).empty());
  EXPECT_EQ(book_.next_deadline(), kStart + 60s);
  changes = book_.due(kStart + 60s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].escalation, 2);
  book_.apply(changes[0]);
  EXPECT_EQ(book_.next_deadline(), kStart + 10min);
  changes = book_.due(kStart + 10min);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, AlertState::kExpired);
  EXPECT_EQ(changes[0].outcome, Outcome::kExpired);
  book_.apply(changes[0]);
  EXPECT_FALSE(book_.next_deadline());
  EXPECT_TRUE(book_.due(kStart + 1000h).empty());
  EXPECT_EQ(book_.plan_claim(kVisit, "Sam", kStart).error().code, "not_open");
  EXPECT_EQ(book_.plan_close(kVisit, Outcome::kServed, "", "Sam", kStart).error().code, "not_open");
}

TEST_F(VisitBookTest, WhatWasMissedIsCaughtUpInOneStep) {
  arrive(kStart, "v1");
  auto changes = book_.due(kStart + 2min);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].escalation, 2);
  changes = book_.due(kStart + 1h);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, AlertState::kExpired);
}

TEST_F(VisitBookTest, DueChangesComeInTheOrderOfTheirDeadlines) {
  arrive(kStart + 5s, "v1");
  arrive(kStart, "v2", CustomerId("bert2345"));
  const auto changes = book_.due(kStart + 30s);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].visit, VisitId("v2"));
  EXPECT_EQ(changes[1].visit, VisitId("v1"));
}

TEST_F(VisitBookTest, AClaimedAlertDoesNotEscalateButExpiresAtLast) {
  arrive(kStart, "v1");
  claim("Sam", kStart + 9min);
  EXPECT_TRUE(book_.due(kStart + 4h).empty());
  EXPECT_EQ(book_.next_deadline(), kStart + 9min + 4h);
  const auto changes = book_.due(kStart + 9min + 4h);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, AlertState::kExpired);
}

TEST_F(VisitBookTest, WithdrawnConsentTakesTheAlertsAway) {
  arrive(kStart, "v1");
  arrive(kStart, "v2", CustomerId("bert2345"));
  const auto changes = book_.plan_withdraw(kAnna, kStart + 1s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].visit, kVisit);
  EXPECT_EQ(changes[0].state, AlertState::kWithdrawn);
  EXPECT_EQ(changes[0].outcome, Outcome::kWithdrawn);
  book_.apply(changes[0]);
  EXPECT_EQ(book_.open_alerts(), 1U);
  EXPECT_EQ(book_.plan_claim(kVisit, "Sam", kStart).error().code, "not_open");
  EXPECT_TRUE(book_.plan_withdraw(kAnna, kStart + 2s).empty());
}

TEST_F(VisitBookTest, AForgottenCustomerLeavesNoTrace) {
  arrive(kStart, "v1");
  book_.forget(kAnna);
  EXPECT_EQ(book_.open_alerts(), 0U);
  EXPECT_EQ(book_.plan_claim(kVisit, "Sam", kStart).error().code, "unknown_visit");
  EXPECT_FALSE(book_.plan_seen(kAnna, kStart + 1s));
  EXPECT_TRUE(arrive(kStart + 1s, "v2"));
}

TEST_F(VisitBookTest, AnOpenAlertOutlivesItsVisit) {
  VisitRules rules;
  rules.cooldown = 1min;
  book_ = VisitBook(rules);
  arrive(kStart, "v1");
  claim("Sam", kStart + 5s);
  EXPECT_TRUE(arrive(kStart + 5min, "v2"));
  EXPECT_EQ(book_.open_alerts(), 2U);
  close(Outcome::kServed, kStart + 6min);
  EXPECT_EQ(book_.open_alerts(), 1U);
  EXPECT_EQ(book_.plan_claim(kVisit, "Kim", kStart).error().code, "unknown_visit")
      << "only the newest visit is remembered once it is over";
  EXPECT_FALSE(arrive(kStart + 6min, "v3"));
}

TEST_F(VisitBookTest, WhatIsStoredTwiceOrTooLateChangesNothing) {
  const auto first = plan(kStart, "v1");
  book_.apply(first);
  book_.apply(first);
  EXPECT_EQ(book_.open_alerts(), 1U);
  const auto longer = plan(kStart + 1min, "v2");
  book_.forget(kAnna);
  book_.apply(longer);  // of a customer who was forgotten meanwhile
  EXPECT_FALSE(book_.plan_seen(kAnna, kStart + 2min));
}

TEST_F(VisitBookTest, AfterAStartOnlyOpenAlertsOfKnownVisitsAreTakenUp) {
  Visit visit;
  visit.id = kVisit;
  visit.customer = kAnna;
  visit.start = visit.end = kStart;
  Alert over;
  over.visit = kVisit;
  over.state = AlertState::kClosed;
  Alert unknown;
  unknown.visit = VisitId("v9");
  book_.restore(std::vector{visit}, std::vector{over, unknown});
  EXPECT_EQ(book_.open_alerts(), 0U);
  EXPECT_FALSE(arrive(kStart + 1min, "v2"));
}

}  // namespace
}  // namespace maitred
