// What a bad, slow or silent client gets, and that it costs the others nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/doors/staff/staff_fixture.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class StaffLimitsTest : public StaffFixture {
 protected:
  // One error line with this code, then the end.
  void expect_refused(TestClient& client, const std::string& code) {
    const auto error = next(client);
    EXPECT_EQ(error["type"], "error");
    EXPECT_EQ(error["code"], code);
    EXPECT_TRUE(is_closed(client));
    EXPECT_FALSE(client.take());
    EXPECT_FALSE(client.reset());
    client.close();
    EXPECT_TRUE(run_until([&] { return server->clients() == 0; }));
  }
};

TEST_F(StaffLimitsTest, GarbageGetsOneErrorAndAClosedConnection) {
  open_with({});
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"hello\n", "not_json"},
      {"\n", "not_json"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not_json"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\n", 8), "not_json"},
      {std::string(5, '\0') + "\n", "not_json"},
      {"{\"type\":\"\xff\xfe\"}\n", "not_json"},
      {"{\"type\":\"sell\"}\n{\"type\":\"ping\"}\n", "unknown_type"},
      {"{\"type\":\"claim\",\"visit\":1,\"by\":\"x\"}\n", "bad_field"},
      {"{\"type\":\"ping\",\"x\":[[[[[[[[1]]]]]]]]}\n", "too_deep"},
      {std::string(16384, '[') + "\n", "too_deep"},
      {"{\"type\":\"ping\"}" + std::string(20000, ' ') + "\n", "line_too_long"},
      {std::string(1 << 20, 'x'), "line_too_long"},
  };
  for (const auto& [bytes, code] : cases) {
    SCOPED_TRACE(code + ": " + bytes.substr(0, 20));
    TestClient client = greeted();
    client.send(bytes);
    expect_refused(client, code);
  }
}

TEST_F(StaffLimitsTest, ALineOfAMegabyteStillGetsToReadItsError) {
  open_with({});
  TestClient client = greeted();
  for (int i = 0; i < 64; ++i) {
    client.send(std::string(16384, 'x'));
    io.run_one_for(1ms);
  }
  expect_refused(client, "line_too_long");
}

TEST_F(StaffLimitsTest, ARefusedClientThatStaysIsClosedAfterAWhile) {
  open_with({.lingering = 40ms});
  TestClient client = greeted();
  client.say("garbage");
  EXPECT_EQ(next(client)["type"], "error");
  EXPECT_TRUE(is_closed(client));
  for (int i = 0; i < 300 && !client.reset(); ++i) {
    client.say("more garbage");
    run_for(10ms);
    client.collect();
  }
  EXPECT_TRUE(client.reset());  // it wrote to what is no more
}

TEST_F(StaffLimitsTest, WhereTokensExistOneIsNeeded) {
  desk.token = "s3cret";
  open_with({});
  TestClient good = greeted();
  good.say(R"({"type":"auth","token":"s3cret"})");
  good.say(R"({"type":"resume","after":0})");
  EXPECT_TRUE(run_until([&] { return server->clients_resumed() == 1; }));
  publish("v");
  EXPECT_EQ(next(good)["type"], "alert");
  good.close();
  EXPECT_TRUE(run_until([&] { return server->clients() == 0; }));
  TestClient wrong = greeted();
  wrong.say(R"({"type":"auth","token":"guess"})");
  expect_refused(wrong, "bad_token");
  for (const char* line : {R"({"type":"resume","after":0})", R"({"type":"ping"})",
                           R"({"type":"claim","visit":"v","by":"Sam"})"}) {
    TestClient eager = greeted();
    eager.say(line);
    expect_refused(eager, "auth_required");
  }
  EXPECT_TRUE(desk.alerts["v"].by.empty());
}

TEST_F(StaffLimitsTest, TheTokenMustComeInTime) {
  desk.token = "s3cret";
  open_with({.auth = 40ms});
  TestClient client = greeted();
  expect_refused(client, "auth_timeout");
}

TEST_F(StaffLimitsTest, ATokenNobodyAskedForDoesNoHarm) {
  open_with({});
  TestClient client = greeted();
  client.say(R"({"type":"auth","token":"old"})");
  client.say(R"({"type":"ping"})");
  EXPECT_EQ(next(client)["type"], "pong");
}

TEST_F(StaffLimitsTest, AListenerMayBeSilentButAnIdlerMayNot) {
  open_with({.idle = 60ms});
  TestClient listening = listener();
  TestClient idling = greeted();
  EXPECT_EQ(next(idling)["code"], "idle");
  EXPECT_TRUE(is_closed(idling));
  run_for(100ms);
  publish("v");
  EXPECT_EQ(next(listening)["type"], "alert");
}

TEST_F(StaffLimitsTest, ALineThatNeverEndsIsIdling) {
  open_with({.idle = 60ms});
  TestClient client = greeted();
  for (int i = 0; i < 6; ++i) client.send("{"), run_for(15ms);
  EXPECT_EQ(next(client)["code"], "idle");
}

TEST_F(StaffLimitsTest, AWrongTokenWaitsLongerEachTimeAndARightOneDoesNot) {
  desk.token = "right";
  open_with({});
  for (int i = 0; i < 4; ++i) {
    TestClient guesser = greeted();
    guesser.say(R"({"type":"auth","token":"guess"})");
    if (i < 3) {
      EXPECT_EQ(next(guesser)["code"], "bad_token");
    } else {
      EXPECT_TRUE(is_quiet(guesser));
      guesser.say(R"({"type":"auth","token":"right"})");  // one guess a connection
      const auto asked = std::chrono::steady_clock::now();
      EXPECT_EQ(next(guesser)["code"], "bad_token");
      EXPECT_GT(std::chrono::steady_clock::now() - asked, Milliseconds{300});
    }
  }
  TestClient till = greeted();
  till.say(R"({"type":"auth","token":"right"})");
  till.say(R"({"type":"ping"})");
  EXPECT_EQ(next(till)["type"], "pong");
}

TEST_F(StaffLimitsTest, WhoWaitsLongestMakesWayWhenAllPlacesAreTaken) {
  open_with({.clients = 3});
  TestClient working = listener();
  TestClient idle = greeted();
  TestClient other = greeted();
  run_for(Milliseconds{1050});
  TestClient fresh(server->port());
  EXPECT_EQ(next(fresh)["type"], "hello");
  EXPECT_TRUE(is_closed(idle));
  EXPECT_TRUE(is_quiet(other));
  EXPECT_TRUE(is_quiet(working));
}

TEST_F(StaffLimitsTest, ThereIsRoomForSoManyClients) {
  open_with({.clients = 2});
  TestClient one = greeted();
  {
    TestClient two = greeted();
    TestClient three(server->port());
    EXPECT_EQ(next(three)["code"], "too_many_clients");
    EXPECT_TRUE(is_closed(three));
    EXPECT_EQ(server->clients(), 2U);
  }
  EXPECT_TRUE(run_until([&] { return server->clients() == 1; }));
  TestClient four = greeted();
}

TEST_F(StaffLimitsTest, WhoDoesNotReadIsCutOffAt64KiB) {
  open_with({.stalled = 1h});
  TestClient stuck(server->port(), 4096);
  stuck.say(R"({"type":"resume","after":0})");
  ASSERT_TRUE(run_until([&] { return server->clients_resumed() == 1; }));
  std::size_t published_bytes = 0;
  while (server->clients() == 1 && published_bytes < 4'000'000) {
    publish_long(1000);
    published_bytes += 1000;
    io.restart();
    io.poll();
  }
  EXPECT_EQ(server->clients(), 0U);
  EXPECT_GT(published_bytes, 64U * 1024U);
  EXPECT_LT(published_bytes, 64U * 1024U + 300'000U);  // and what the kernel holds
}

TEST_F(StaffLimitsTest, WhoMakesNoProgressIsCutOffAfterSomeSeconds) {
  open_with({.unsent_bytes = 100'000'000, .stalled = 80ms});
  TestClient stuck(server->port(), 4096);
  stuck.say(R"({"type":"resume","after":0})");
  ASSERT_TRUE(run_until([&] { return server->clients_resumed() == 1; }));
  for (int i = 0; i < 500; ++i) {
    publish_long(1000);
  }
  const auto begin = Clock::now();
  EXPECT_TRUE(run_until([&] { return server->clients() == 0; }));
  EXPECT_GE(Clock::now() - begin, 80ms);
}

TEST_F(StaffLimitsTest, ALargeBacklogIsNoReasonToCutOffWhoReads) {
  for (int i = 0; i < 500; ++i) {
    desk.add(fmt::format("v{}", i));
    desk.alerts[fmt::format("v{}", i)].headline = std::string(1000, 'h');
  }
  open_with({});
  TestClient client = listener(0);
  for (std::uint64_t seq = 1; seq <= 500; ++seq) {
    ASSERT_EQ(next(client)["seq"], seq);
    if (seq == 10) publish("live");
  }
  EXPECT_EQ(next(client)["visit"], "live");
}

TEST_F(StaffLimitsTest, WhoAsksWithoutReadingAnswersIsCutOff) {
  open_with({.stalled = 1h});
  TestClient flood(server->port(), 4096);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += "{\"type\":\"ping\"}\n";
  EXPECT_EQ(server->clients(), 0U);
  ASSERT_TRUE(run_until([&] { return server->clients() == 1; }));
  for (int i = 0; i < 2000 && server->clients() == 1; ++i) {
    flood.send(pings);
    run_for(1ms);
  }
  EXPECT_EQ(server->clients(), 0U);
}

// The time from publishing an alert to its line at a client that reads.
TEST_F(StaffLimitsTest, BadClientsDoNotDelayAGoodOne) {
  open_with({});
  TestClient good = listener();
  const auto worst_of = [&](int alerts) {
    std::vector<Clock::duration> delays;
    for (int i = 0; i < alerts; ++i) {
      const auto begin = Clock::now();
      const Alert alert = publish(fmt::format("v{}", desk.last_seq));
      EXPECT_EQ(next(good)["seq"], alert.seq);
      delays.push_back(Clock::now() - begin);
    }
    std::sort(delays.begin(), delays.end());
    return delays[delays.size() * 95 / 100];
  };
  const auto alone = worst_of(200);
  std::vector<TestClient> bad;
  for (int i = 0; i < 20; ++i) {
    bad.emplace_back(server->port(), 4096);  // never reads
    bad.back().say(R"({"type":"resume","after":0})");
  }
  ASSERT_TRUE(run_until([&] { return server->clients_resumed() == 21; }));
  for (int i = 0; i < 20; ++i) {
    bad.emplace_back(server->port());
    bad.back().send(std::string(100'000, static_cast<char>(i * 13)));
  }
  const auto beside = worst_of(200);
  const auto ms = [](Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  RecordProperty("p95_alone_ms", std::to_string(ms(alone)));
  RecordProperty("p95_beside_bad_clients_ms", std::to_string(ms(beside)));
  std::printf("alert to line, p95: %.2f ms alone, %.2f ms beside 40 bad clients\n", ms(alone),
              ms(beside));
  EXPECT_EQ(server->clients_resumed() >= 1, true);
  publish("last");
  EXPECT_EQ(next(good)["visit"], "last");
}

class StaffDrainTest : public StaffFixture {
 protected:
  void SetUp() override {
    open_with({.unsent_bytes = 100'000'000, .stalled = 10s, .lingering = 300ms});
  }
  void drain(Milliseconds patience) {
    server->drain(patience, [this] { ++drained_; });
  }
  int drained_ = 0;
};

TEST_F(StaffDrainTest, WhatIsQueuedIsSentBeforeTheEnd) {
  TestClient client = listener();
  TestClient silent = greeted();
  for (int i = 0; i < 20; ++i) publish(fmt::format("v{}", i));
  drain(2s);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(next(client)["type"], "alert");
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(is_closed(silent));
  EXPECT_FALSE(client.reset());
  client.close();
  silent.close();
  EXPECT_TRUE(run_until([&] { return drained_ == 1; }));
  EXPECT_EQ(server->clients(), 0U);
}

TEST_F(StaffDrainTest, NobodyIsLetInOrListenedToMeanwhile) {
  TestClient client = listener();
  publish("v");
  drain(2s);
  client.say(R"({"type":"claim","visit":"v","by":"Sam"})");
  next(client);
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(desk.alerts["v"].by.empty());
  client.close();
  EXPECT_TRUE(run_until([&] { return drained_ == 1; }));
  io.restart();
  io.run();  // nothing of the server is left to wait for
  EXPECT_EQ(drained_, 1);
}

TEST_F(StaffDrainTest, AClientThatDoesNotReadIsWaitedForSoLongAndNoLonger) {
  TestClient stuck(server->port(), 4096);
  stuck.say(R"({"type":"resume","after":0})");
  ASSERT_TRUE(run_until([&] { return server->clients_resumed() == 1; }));
  for (int i = 0; i < 1000; ++i) {
    publish_long(500);
  }
  run_for(10ms);
  ASSERT_EQ(server->clients(), 1U);
  const auto begin = Clock::now();
  drain(100ms);
  EXPECT_TRUE(run_until([&] { return drained_ == 1; }));
  EXPECT_GE(Clock::now() - begin, 90ms);
  EXPECT_LT(Clock::now() - begin, 10s);  // less than what ends a client that reads nothing
}

TEST_F(StaffDrainTest, WithoutClientsItIsDoneAtOnce) {
  drain(2s);
  EXPECT_EQ(drained_, 0);  // not within the call
  EXPECT_TRUE(run_until([&] { return drained_ == 1; }));
}

TEST_F(StaffDrainTest, TheServerMayGoWithClientsConnected) {
  TestClient client = listener();
  server.reset();
  EXPECT_TRUE(is_closed(client));
  io.restart();
  io.run();
}

}  // namespace
}  // namespace maitred
