#include "store_fixture.h"

namespace maitred {
namespace {

using std::chrono::seconds;

class VisitsTest : public StoreTest {
 protected:
  VisitsTest() : store_(create()) {
    customer_ = must(store_.customers().enrol(new_customer("One", "L1"), kActor));
  }
  StoredAlert arrive(const CustomerId& id) {
    return *must(store_.visits().commit_arrival(arrival_of(id), always, kActor));
  }
  void reopen() {
    { const Store closing = std::move(store_); }
    store_ = open();
  }

  Store store_;
  CustomerId customer_;
};

TEST_F(VisitsTest, KeepsVisitAlertAndDeadlines) {
  Arrival arrival = arrival_of(customer_);
  arrival.alert->alert.position = Milliseconds(1500);
  arrival.alert->alert.reason = Reason::kAsk;
  arrival.alert->alert.confidence = Confidence::kHigh;
  arrival.alert->alert.customer.asks = {{1, "shoes", "S", kNow, true}};
  const StoredAlert sent = *must(store_.visits().commit_arrival(arrival, always, kActor));
  EXPECT_EQ(sent.alert.seq, 1U);
  reopen();
  const auto open_alerts = must(store_.visits().open_alerts());
  ASSERT_EQ(open_alerts.size(), 1U);
  const StoredAlert& kept = open_alerts[0];
  EXPECT_EQ(kept.alert.seq, 1U);
  EXPECT_EQ(kept.alert.visit, arrival.visit.id);
  EXPECT_EQ(kept.alert.position, Milliseconds(1500));
  EXPECT_EQ(kept.alert.reason, Reason::kAsk);
  EXPECT_EQ(kept.alert.confidence, Confidence::kHigh);
  EXPECT_EQ(kept.alert.expires, arrival.alert->alert.expires);
  EXPECT_EQ(kept.escalates, arrival.alert->escalates);
  EXPECT_EQ(kept.alert.customer.name, "Viewname Secret");
  EXPECT_EQ(kept.alert.customer.asks.at(0).text, "shoes");
  const Visit visit = must(store_.visits().find(arrival.visit.id));
  EXPECT_EQ(visit.camera, "entrance");
  EXPECT_EQ(visit.outcome, Outcome::kOpen);
  EXPECT_EQ(must(store_.customers().find(customer_)).last_visit, kNow);
}

TEST_F(VisitsTest, WritesNothingWhenConsentIsGoneAtTheLastMoment) {
  const Arrival arrival = arrival_of(customer_);
  must(store_.withdraw(customer_, kActor));
  const auto refused = store_.visits().commit_arrival(
      arrival, [](const Customer& customer) { return !customer.consent.withdrawn; }, kActor);
  EXPECT_EQ(code_of(refused), "consent_missing");
  EXPECT_EQ(code_of(store_.visits().find(arrival.visit.id)), "unknown_visit");
  EXPECT_TRUE(must(store_.visits().alerts({})).empty());
  EXPECT_EQ(store_.visits().last_seq(), 0U);
  EXPECT_FALSE(must(store_.customers().find(customer_)).last_visit);
}

TEST_F(VisitsTest, AVisitWithoutAlertTakesNoSeq) {
  EXPECT_EQ(must(store_.visits().commit_arrival(arrival_of(customer_, false), always, kActor)),
            std::nullopt);
  EXPECT_EQ(store_.visits().last_seq(), 0U);
  EXPECT_EQ(must(store_.visits().list({})).size(), 1U);
}

TEST_F(VisitsTest, AVisitIsWrittenOnce) {
  const Arrival arrival = arrival_of(customer_);
  must(store_.visits().commit_arrival(arrival, always, kActor));
  EXPECT_EQ(code_of(store_.visits().commit_arrival(arrival, always, kActor)), "visit_exists");
  EXPECT_EQ(must(store_.visits().alerts({})).size(), 1U);
}

TEST_F(VisitsTest, EveryChangeTakesANewSeqAndOneRowStays) {
  StoredAlert alert = arrive(customer_);
  alert.alert.state = AlertState::kClaimed;
  alert.alert.by = "Sam";
  const StoredAlert claimed = must(store_.visits().commit_alert_change(alert, {}, kActor));
  EXPECT_EQ(claimed.alert.seq, 2U);
  alert.alert.state = AlertState::kClosed;
  alert.alert.outcome = Outcome::kServed;
  Visit visit = must(store_.visits().find(alert.alert.visit));
  visit.outcome = Outcome::kServed;
  visit.note = "sold two";
  EXPECT_EQ(must(store_.visits().commit_alert_change(alert, visit, kActor)).alert.seq, 3U);

  const auto all = must(store_.visits().alerts({}));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].alert.seq, 3U);
  EXPECT_EQ(all[0].alert.state, AlertState::kClosed);
  EXPECT_EQ(all[0].alert.outcome, Outcome::kServed);
  EXPECT_TRUE(must(store_.visits().open_alerts()).empty());
  EXPECT_EQ(must(store_.visits().find(visit.id)).note, "sold two");
  const auto events = must(store_.visits().events(visit.id));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[1].state, AlertState::kClaimed);
  EXPECT_EQ(events[1].by, "Sam");
}

TEST_F(VisitsTest, ResumesAfterASeq) {
  const StoredAlert first = arrive(customer_);
  const StoredAlert second = arrive(customer_);
  arrive(customer_);
  StoredAlert claimed = first;
  claimed.alert.state = AlertState::kClaimed;
  must(store_.visits().commit_alert_change(claimed, {}, kActor));
  std::vector<std::uint64_t> seqs;
  for (const auto& stored : must(store_.visits().open_alerts(second.alert.seq))) {
    seqs.push_back(stored.alert.seq);
  }
  EXPECT_EQ(seqs, (std::vector<std::uint64_t>{3, 4}));
}

TEST_F(VisitsTest, SeqGrowsOverErasureAndReopening) {
  arrive(customer_);
  EXPECT_EQ(arrive(customer_).alert.seq, 2U);
  must(store_.forget(customer_, kActor));
  EXPECT_TRUE(must(store_.visits().alerts({})).empty());
  reopen();
  EXPECT_EQ(store_.visits().last_seq(), 2U);
  const CustomerId other = must(store_.customers().enrol(new_customer("Two", ""), kActor));
  EXPECT_EQ(arrive(other).alert.seq, 3U);
}

TEST_F(VisitsTest, WithdrawalEndsOpenAlertsAndVisits) {
  const StoredAlert open_one = arrive(customer_);
  StoredAlert closed = arrive(customer_);
  closed.alert.state = AlertState::kClosed;
  must(store_.visits().commit_alert_change(closed, {}, kActor));
  const CustomerId other = must(store_.customers().enrol(new_customer("Two", ""), kActor));
  arrive(other);

  const auto withdrawn = must(store_.withdraw(customer_, kActor));
  ASSERT_EQ(withdrawn.size(), 1U);
  EXPECT_EQ(withdrawn[0].alert.visit, open_one.alert.visit);
  EXPECT_EQ(withdrawn[0].alert.state, AlertState::kWithdrawn);
  EXPECT_EQ(withdrawn[0].alert.seq, 5U);
  EXPECT_EQ(must(store_.visits().find(open_one.alert.visit)).outcome, Outcome::kWithdrawn);
  EXPECT_EQ(must(store_.visits().open_alerts()).size(), 1U);
  EXPECT_TRUE(must(store_.customers().find(customer_)).consent.withdrawn);
  const auto again = store_.withdraw(customer_, kActor);
  EXPECT_EQ(code_of(again), "consent_withdrawn");
  EXPECT_EQ(again.error().fault, Fault::kNo);
}

TEST_F(VisitsTest, TouchMovesForwardOnly) {
  const StoredAlert alert = arrive(customer_);
  must(store_.visits().touch(alert.alert.visit, kNow + seconds(30)));
  must(store_.visits().touch(alert.alert.visit, kNow + seconds(10)));
  EXPECT_EQ(must(store_.visits().find(alert.alert.visit)).end, kNow + seconds(30));
  EXPECT_EQ(must(store_.customers().find(customer_)).last_visit, kNow + seconds(30));
  EXPECT_EQ(must(store_.visits().newest(customer_))->id, alert.alert.visit);
  EXPECT_EQ(code_of(store_.visits().touch(VisitId("nope"), kNow)), "unknown_visit");
}

TEST_F(VisitsTest, ListsByCustomerTimeAndState) {
  const CustomerId other = must(store_.customers().enrol(new_customer("Two", ""), kActor));
  must(store_.visits().commit_arrival(arrival_of(customer_), always, kActor));
  const Arrival later = arrival_of(other, true, kNow + seconds(60));
  must(store_.visits().commit_arrival(later, always, kActor));
  must(close_visit(store_, later.visit.id, Outcome::kNotFound, "gone"));

  VisitQuery query;
  EXPECT_EQ(must(store_.visits().list(query)).at(0).id, later.visit.id);
  query.limit = 1;
  EXPECT_EQ(must(store_.visits().list(query)).size(), 1U);
  query = {};
  query.customer = customer_;
  EXPECT_EQ(must(store_.visits().list(query)).size(), 1U);
  query = {};
  query.only_open = true;
  EXPECT_EQ(must(store_.visits().list(query)).at(0).customer, customer_);
  query = {};
  query.since = kNow + seconds(1);
  EXPECT_EQ(must(store_.visits().list(query)).at(0).note, "gone");
  AlertQuery alerts;
  alerts.customer = other;
  EXPECT_EQ(must(store_.visits().alerts(alerts)).size(), 1U);
  alerts = {};
  alerts.limit = 1;
  EXPECT_EQ(must(store_.visits().alerts(alerts)).at(0).alert.seq, 3U);
}

TEST_F(VisitsTest, KeepsFeedback) {
  const StoredAlert alert = arrive(customer_);
  must(store_.visits().add_feedback({alert.alert.visit, 9, "good", kNow}, kActor));
  EXPECT_EQ(code_of(store_.visits().add_feedback({alert.alert.visit, 11, "", kNow}, kActor)),
            "field_invalid");
  EXPECT_EQ(code_of(store_.visits().add_feedback({VisitId("nope"), 1, "", kNow}, kActor)),
            "unknown_visit");
  const auto feedback = must(store_.visits().feedback(alert.alert.visit));
  ASSERT_EQ(feedback.size(), 1U);
  EXPECT_EQ(feedback[0].rating, 9);
  EXPECT_EQ(feedback[0].comment, "good");
}

TEST_F(VisitsTest, AnUnknownCustomerOrAlertIsRefused) {
  EXPECT_EQ(
      code_of(store_.visits().commit_arrival(arrival_of(CustomerId("abcdefgh")), always, kActor)),
      "unknown_customer");
  StoredAlert stranger;
  stranger.alert.visit = VisitId("nope");
  EXPECT_EQ(code_of(store_.visits().commit_alert_change(stranger, {}, kActor)), "unknown_alert");
}

TEST_F(VisitsTest, AChangeMayNotMoveAVisitToAnotherCustomer) {
  const CustomerId other = must(store_.customers().enrol(new_customer("Two", ""), kActor));
  const StoredAlert alert = arrive(customer_);
  Visit visit = must(store_.visits().find(alert.alert.visit));
  visit.customer = other;
  EXPECT_EQ(code_of(store_.visits().commit_alert_change(alert, visit, kActor)), "unknown_visit");
  must(store_.check());
}

}  // namespace
}  // namespace maitred
