#include "maitred/doors/staff/staff_client.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/doors/staff/staff_fixture.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class StaffClientTest : public StaffFixture {
 protected:
  void SetUp() override { open_with({}); }

  StaffClientOptions options() const {
    return {.server = "127.0.0.1:" + std::to_string(server->port()),
            .backoff_first = 5ms,
            .backoff_last = 20ms};
  }

  void start(StaffClientOptions options) {
    client_.emplace(std::move(options), [this](const StaffEvent& event) { take(event); });
  }
  void start() { start(options()); }

  void take(const StaffEvent& event) {
    if (const auto* alert = std::get_if<StaffAlertEvent>(&event)) {
      seqs_.push_back(alert->alert.seq);
      if (alert->first) shown_.push_back(alert->alert.visit.value);
    } else if (const auto* update = std::get_if<StaffUpdateEvent>(&event)) {
      seqs_.push_back(update->alert.seq);
      last_update_ = update->alert;
    } else if (const auto* claimed = std::get_if<StaffClaimed>(&event)) {
      claims_.push_back(*claimed);
    } else if (const auto* lost = std::get_if<StaffDisconnected>(&event)) {
      losses_.push_back(lost->why.code);
      waits_.push_back(lost->retry_in);
    } else if (const auto* error = std::get_if<StaffError>(&event)) {
      errors_.push_back(error->code);
    } else if (std::holds_alternative<StaffConnected>(event)) {
      ++connections_;
    } else {
      ++pongs_;
    }
  }

  // Client and server take turns.
  template <class Predicate>
  bool both_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      client_->poll(1ms);
      io.restart();
      io.poll();
    }
    return done();
  }
  bool resumed() {
    return both_until([&] { return server->clients_resumed() == 1; });
  }
  void restart_server() {
    const std::string listen = "127.0.0.1:" + std::to_string(server->port());
    server.reset();
    open({.listen = listen, .server = "maitred again", .store = "store-1"});
  }

  std::optional<StaffClient> client_;
  std::vector<std::uint64_t> seqs_;
  std::vector<std::string> shown_;
  std::vector<StaffClaimed> claims_;
  std::vector<std::string> losses_;
  std::vector<Milliseconds> waits_;
  std::vector<std::string> errors_;
  Alert last_update_;
  int connections_ = 0;
  int pongs_ = 0;
};

TEST_F(StaffClientTest, ShowsOpenAlertsAndLiveOnesAndAcknowledges) {
  desk.add("old");
  start();
  ASSERT_TRUE(resumed());
  publish("new");
  ASSERT_TRUE(both_until([&] { return desk.acks.size() == 2; }));
  EXPECT_THAT(shown_, ElementsAre("old", "new"));
  EXPECT_THAT(desk.acks, ElementsAre(1, 2));
  EXPECT_EQ(client_->last_seq(), 2U);
  EXPECT_TRUE(client_->connected());
}

TEST_F(StaffClientTest, ClaimsAndCloses) {
  start();
  publish("v");
  ASSERT_TRUE(resumed());
  ASSERT_TRUE(client_->claim(VisitId("v"), "Sam"));
  ASSERT_TRUE(both_until([&] { return last_update_.state == AlertState::kClaimed; }));
  ASSERT_EQ(claims_.size(), 1U);
  EXPECT_TRUE(claims_[0].ok);
  ASSERT_TRUE(client_->close(VisitId("v"), Outcome::kServed, "fine", "Sam"));
  ASSERT_TRUE(both_until([&] { return last_update_.state == AlertState::kClosed; }));
  EXPECT_EQ(last_update_.outcome, Outcome::kServed);
  ASSERT_TRUE(client_->claim(VisitId("nope"), "Sam"));
  ASSERT_TRUE(both_until([&] { return !errors_.empty(); }));
  EXPECT_THAT(errors_, ElementsAre("unknown_visit"));
  EXPECT_TRUE(client_->connected());
}

TEST_F(StaffClientTest, AfterALossItComesBackAndNothingIsMissedOrShownTwice) {
  start();
  ASSERT_TRUE(resumed());
  for (int round = 0; round < 20; ++round) {
    publish("during-" + std::to_string(round));
    if (round % 2 == 0) {
      ASSERT_TRUE(both_until([&] { return client_->last_seq() == desk.last_seq; }));
    }
    restart_server();
    publish("between-" + std::to_string(round));
    ASSERT_TRUE(both_until([&] { return client_->last_seq() == desk.last_seq; })) << round;
  }
  EXPECT_EQ(shown_.size(), 40U);
  for (std::size_t i = 0; i < seqs_.size(); ++i) EXPECT_EQ(seqs_[i], i + 1);
  EXPECT_EQ(connections_, 21);
}

TEST_F(StaffClientTest, AnAlertThatChangedMeanwhileIsNotShownAsNew) {
  publish("v");
  start();
  ASSERT_TRUE(both_until([&] { return shown_.size() == 1; }));
  server->drain(0ms, [] {});
  run_for(5ms);
  ASSERT_TRUE(desk.claim(VisitId("v"), "Kim"));
  restart_server();
  ASSERT_TRUE(both_until([&] { return client_->last_seq() == 2; }));
  EXPECT_THAT(shown_, ElementsAre("v"));
  EXPECT_THAT(seqs_, ElementsAre(1, 2));
}

TEST_F(StaffClientTest, WithoutADaemonItTriesLessAndLessOften) {
  start();
  server.reset();
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (losses_.size() < 5 && std::chrono::steady_clock::now() < deadline) client_->poll(10ms);
  EXPECT_THAT(losses_, ElementsAre("daemon_unreachable", "daemon_unreachable", "daemon_unreachable",
                                   "daemon_unreachable", "daemon_unreachable"));
  EXPECT_LT(waits_[0], waits_[4]);
  EXPECT_LE(waits_[4], 30ms);
  EXPECT_EQ(client_->claim(VisitId("v"), "Sam").error().code, "not_connected");
}

TEST_F(StaffClientTest, AWrongTokenIsSaidToBeWrong) {
  desk.token = "s3cret";
  auto wrong = options();
  wrong.token = "guess";
  start(wrong);
  ASSERT_TRUE(both_until([&] { return !losses_.empty(); }));
  EXPECT_EQ(losses_[0], "bad_token");
  ASSERT_TRUE(both_until([&] { return waits_.size() >= 4; }));
  EXPECT_LT(waits_[0], waits_[3]);  // being greeted is no reason to hurry
  auto right = options();
  right.token = "s3cret";
  start(right);
  EXPECT_TRUE(resumed());
}

TEST_F(StaffClientTest, ASilentDaemonIsLeft) {
  auto impatient = options();
  impatient.ping_after = 200ms;
  start(impatient);
  ASSERT_TRUE(resumed());
  // While it answers pings, it stays.
  const auto calm = std::chrono::steady_clock::now() + 700ms;
  both_until([&] { return !losses_.empty() || std::chrono::steady_clock::now() > calm; });
  ASSERT_THAT(losses_, IsEmpty());
  EXPECT_EQ(pongs_, 0);  // its own pings are its own business
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (losses_.empty() && std::chrono::steady_clock::now() < deadline) client_->poll(10ms);
  EXPECT_THAT(losses_, ElementsAre("silent"));
}

TEST_F(StaffClientTest, APingIsAnswered) {
  start();
  ASSERT_TRUE(resumed());
  ASSERT_TRUE(client_->ping());
  EXPECT_TRUE(both_until([&] { return pongs_ == 1; }));
}

TEST_F(StaffClientTest, WaitingForAKeyAndForAlertsIsOne) {
  start();
  ASSERT_TRUE(resumed());
  while (client_->poll(0ms)) continue;
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  EXPECT_FALSE(client_->poll(5ms, pipe[0]));
  ASSERT_EQ(::write(pipe[1], "c", 1), 1);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(client_->poll(600s, pipe[0]));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 300s);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(StaffClientTest, AnotherStoreBeginsAnew) {
  for (const char* visit : {"a", "b", "c"}) publish(visit);
  start();
  ASSERT_TRUE(both_until([&] { return client_->last_seq() == 3; }));
  const std::string listen = options().server;
  server.reset();
  desk = FakeDesk();
  desk.add("fresh");
  open({.listen = listen, .server = "maitred new", .store = "store-2"});
  ASSERT_TRUE(both_until([&] { return shown_.size() == 4; }));
  EXPECT_EQ(shown_.back(), "fresh");
  EXPECT_EQ(client_->last_seq(), 1U);
}

TEST_F(StaffClientTest, WhatIsNoMaitredIsSaidToBeNone) {
  auto bad = options();
  bad.server = "nonsense";
  start(bad);
  client_->poll(10ms);
  EXPECT_THAT(losses_, ElementsAre("bad_address"));
}

}  // namespace
}  // namespace maitred
