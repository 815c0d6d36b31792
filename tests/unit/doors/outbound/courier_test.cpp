// A courier in front of a system that takes, refuses, hangs and comes back.
#include "maitred/doors/outbound/courier.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>

#include "tests/support/test_shop.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// What the system has seen. It outlives the targets, as another machine does.
struct FakeSystem {
  std::vector<std::string> tries;  // the types of all events that were offered
  std::vector<std::string> ids;    // of the events it has taken
  std::deque<Delivery> answers;    // to the next tries; then it takes everything
  bool silent = false;             // answers nothing
  std::vector<std::function<void(Delivery)>> unanswered;
  int readied = 0;
  int left = 0;
};

class FakeTarget : public EventTarget {
 public:
  FakeTarget(boost::asio::io_context& io, FakeSystem& system) : io_(io), system_(system) {}
  const std::string& name() const override { return name_; }
  const std::string& key() const override { return key_; }
  std::string trouble() const override { return "it is closed"; }
  void keep_ready() override { ++system_.readied; }
  void leave(const std::function<void()>& gone) override {
    ++system_.left;
    gone();
  }
  void deliver(const ShopEvent& event, std::function<void(Delivery)> done) override {
    system_.tries.push_back(event.type.substr(std::string("maitred.alert.").size()));
    if (system_.silent) return system_.unanswered.push_back(std::move(done));
    Delivery answer = Delivery::kTaken;
    if (!system_.answers.empty()) {
      answer = system_.answers.front();
      system_.answers.pop_front();
    }
    if (answer == Delivery::kTaken) system_.ids.push_back(event.id);
    boost::asio::post(io_, [done = std::move(done), answer] { done(answer); });
  }

 private:
  boost::asio::io_context& io_;
  FakeSystem& system_;
  const std::string name_ = "webhook crm.example:443";
  const std::string key_ = "courier test";
};

class CourierTest : public testing::Test {
 protected:
  void start() {
    courier_ = std::make_unique<Courier>(io_, *box_.shop,
                                         std::make_unique<FakeTarget>(io_, system_), pace_);
  }
  template <class Predicate>
  bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    return done();
  }
  // Until the cursor stands behind everything that has happened.
  bool delivers_all() {
    courier_->nudge();
    return run_until([&] { return courier_->state().waiting == 0; });
  }
  // An alert that is claimed and closed: three events.
  void visit() {
    const VisitId visit = box_.arrive();
    EXPECT_TRUE(box_.shop->desk().claim(visit, "Sam"));
    EXPECT_TRUE(box_.shop->desk().close(visit, Outcome::kWrongPerson, "", "Sam"));
  }

  TestShop box_;
  boost::asio::io_context io_;
  FakeSystem system_;
  CourierPace pace_{.first_wait = 1ms, .longest_wait = 4ms, .patience = 60s, .poll_every = 1h};
  std::unique_ptr<Courier> courier_;
};

TEST_F(CourierTest, WhatHappensIsDeliveredInOrder) {
  start();
  visit();
  EXPECT_EQ(courier_->state().waiting, 3U);
  ASSERT_TRUE(delivers_all());
  EXPECT_THAT(system_.tries, ElementsAre("new", "claimed", "closed"));
  EXPECT_EQ(courier_->state().delivered, 3U);
  EXPECT_TRUE(courier_->state().delivering);
}

TEST_F(CourierTest, WhatHappenedBeforeItsFirstStartIsNotDelivered) {
  visit();
  start();
  visit();
  ASSERT_TRUE(delivers_all());
  EXPECT_EQ(system_.tries.size(), 3U);
}

TEST_F(CourierTest, ASystemThatIsDownGetsEveryEventInOrderWhenItIsBack) {
  start();
  system_.answers.assign(20, Delivery::kLater);
  visit();
  courier_->nudge();
  ASSERT_TRUE(run_until([&] { return courier_->state().failures >= 3; }));
  EXPECT_FALSE(courier_->state().delivering);
  EXPECT_EQ(courier_->state().trouble, "it is closed");
  EXPECT_EQ(courier_->state().waiting, 3U);
  ASSERT_TRUE(delivers_all());
  std::vector<std::string> tries(21, "new");  // 20 in vain, the last with success
  tries.insert(tries.end(), {"claimed", "closed"});
  EXPECT_EQ(system_.tries, tries);
  EXPECT_EQ(courier_->state().failures, 20U);
  EXPECT_TRUE(courier_->state().delivering);
  EXPECT_EQ(courier_->state().trouble, "");
}

TEST_F(CourierTest, ItsPauseGrowsUpToTheLongest) {
  pace_.first_wait = 10ms;
  pace_.longest_wait = 20ms;
  start();
  system_.answers.assign(3, Delivery::kLater);
  visit();
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(delivers_all());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 10ms + 20ms + 20ms);
}

TEST_F(CourierTest, ItsPlaceIsKeptOverARestart) {
  start();
  visit();
  system_.answers = {Delivery::kTaken, Delivery::kTaken};
  system_.answers.insert(system_.answers.end(), 1000, Delivery::kLater);
  courier_->nudge();
  ASSERT_TRUE(run_until([&] { return courier_->state().failures >= 2; }));
  courier_.reset();
  system_.answers.clear();
  system_.tries.clear();
  visit();  // while no courier runs
  start();
  ASSERT_TRUE(delivers_all());
  EXPECT_THAT(system_.tries, ElementsAre("closed", "new", "claimed", "closed"));
  const std::set<std::string> unlike(system_.ids.begin(), system_.ids.end());
  EXPECT_EQ(unlike.size(), 6U);
}

TEST_F(CourierTest, AnEventThatIsRefusedForGoodDoesNotHoldUpTheOthers) {
  start();
  system_.answers.assign(5, Delivery::kNever);
  visit();
  ASSERT_TRUE(delivers_all());
  EXPECT_THAT(system_.tries, ElementsAre("new", "new", "new", "new", "new", "claimed", "closed"));
  EXPECT_EQ(courier_->state().delivered, 2U);
}

TEST_F(CourierTest, ASystemThatDoesNotAnswerIsAskedAgain) {
  pace_.patience = 20ms;
  start();
  system_.silent = true;
  visit();
  courier_->nudge();
  ASSERT_TRUE(run_until([&] { return system_.unanswered.size() >= 2; }));
  system_.silent = false;
  system_.unanswered.front()(Delivery::kTaken);  // too late: it counts for nothing
  ASSERT_TRUE(delivers_all());
  EXPECT_EQ(courier_->state().delivered, 3U);
}

TEST_F(CourierTest, LeavingWaitsForTheDeliveryUnderWay) {
  start();
  system_.silent = true;
  visit();
  courier_->nudge();
  ASSERT_TRUE(run_until([&] { return system_.unanswered.size() == 1; }));
  bool gone = false;
  courier_->leave([&] { gone = true; });
  io_.restart();
  io_.run_for(20ms);
  EXPECT_FALSE(gone);
  system_.unanswered.front()(Delivery::kTaken);
  ASSERT_TRUE(run_until([&] { return gone; }));
  EXPECT_EQ(system_.left, 1);
  courier_.reset();
  system_.silent = false;
  system_.tries.clear();
  start();  // another in its place goes on behind that event
  ASSERT_TRUE(delivers_all());
  EXPECT_THAT(system_.tries, ElementsAre("claimed", "closed"));
}

TEST_F(CourierTest, TheTargetIsKeptReadyWhileNothingHappens) {
  pace_.poll_every = 5ms;
  start();
  EXPECT_TRUE(run_until([&] { return system_.readied >= 3; }));
  EXPECT_TRUE(system_.tries.empty());
}

TEST_F(CourierTest, NothingIsCalledAfterItsEnd) {
  start();
  system_.silent = true;
  visit();
  courier_->nudge();
  ASSERT_TRUE(run_until([&] { return system_.unanswered.size() == 1; }));
  courier_.reset();
  system_.unanswered.front()(Delivery::kTaken);
  io_.restart();
  io_.run_for(20ms);
  EXPECT_EQ(system_.tries.size(), 1U);
}

}  // namespace
}  // namespace maitred
