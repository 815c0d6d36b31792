// What staff clients get, claim and close.
#include "maitred/doors/staff/staff_server.h"

#include <gmock/gmock.h>

#include "tests/unit/doors/staff/staff_fixture.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class StaffServerTest : public StaffFixture {
 protected:
  void SetUp() override { open_with({}); }
};

TEST_F(StaffServerTest, GreetsEveryClient) {
  TestClient client(server->port());
  json hello = next(client);
  EXPECT_TRUE(parse_time(hello["started"].get<std::string>()));
  hello.erase("started");
  EXPECT_EQ(hello, json::parse(R"({"type":"hello","protocol":1,"server":"maitred test",
                                   "store":"store-1"})"));
  EXPECT_EQ(server->clients(), 1U);
  EXPECT_EQ(server->clients_resumed(), 0U);
}

TEST_F(StaffServerTest, WithoutTokensAnotherUserOfThisMachineIsRefusedAndToldWhatToDo) {
  std::vector<uid_t> asked;
  open({.listen = "127.0.0.1:0", .may_connect = [&](uid_t user) {
          asked.push_back(user);
          return false;
        }});
  TestClient client(server->port());
  client.say(R"({"type":"resume","after":0})");
  const json refusal = next(client);
  EXPECT_EQ(refusal["type"], "error");
  EXPECT_EQ(refusal["code"], "not_allowed");
  EXPECT_NE(refusal["message"].get<std::string>().find("maitredctl staff add"), std::string::npos);
  EXPECT_TRUE(is_closed(client));
  EXPECT_EQ(asked, std::vector<uid_t>{::geteuid()});
  // With a token it is the token that counts.
  desk.token = "good";
  TestClient till = greeted();
  till.say(R"({"type":"auth","token":"good"})");
  till.say(R"({"type":"ping"})");
  EXPECT_EQ(next(till)["type"], "pong");
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(StaffServerTest, ClaimAndCloseAreOfTheTerminalAndNotOfTheNameItGivesItself) {
  desk.token = "good";
  publish("v");
  TestClient till = greeted();
  till.say(R"({"type":"auth","token":"good"})");
  till.say(R"({"type":"claim","visit":"v","by":"the owner"})");
  EXPECT_EQ(next(till)["by"], "the owner");
  const std::string terminal = desk.authenticate("good")->name;
  ASSERT_FALSE(terminal.empty());
  EXPECT_EQ(desk.claimed_at, terminal);
  till.say(R"({"type":"close","visit":"v","outcome":"served","by":"the owner"})");
  EXPECT_EQ(next(till)["type"], "update");
  EXPECT_TRUE(run_until([&] { return desk.closed_at == terminal; }));
}

TEST_F(StaffServerTest, ResumeBringsOpenAlertsInOrderThenLiveOnes) {
  for (const char* visit : {"zz", "bb", "mm", "aa"}) desk.add(visit);  // seq 1 to 4
  TestClient all = listener(0);
  TestClient some = listener(2);
  publish("live");
  for (const int seq : {1, 2, 3, 4, 5}) EXPECT_EQ(next(all)["seq"], seq);
  for (const int seq : {3, 4, 5}) EXPECT_EQ(next(some)["seq"], seq);
  EXPECT_TRUE(is_quiet(all));
  EXPECT_TRUE(is_quiet(some));
}

TEST_F(StaffServerTest, ResumeTellsTheStateOfAnAlert) {
  publish("v");
  ASSERT_TRUE(desk.claim(VisitId("v"), "Sam"));
  TestClient client = listener(0);
  const json alert = next(client);
  EXPECT_EQ(alert["type"], "alert");
  EXPECT_EQ(alert["seq"], 2);
  EXPECT_EQ(alert["state"], "claimed");
  EXPECT_EQ(alert["by"], "Sam");
}

TEST_F(StaffServerTest, WithoutResumeNothingButAnswersComes) {
  TestClient client = greeted();
  publish("v");
  EXPECT_TRUE(is_quiet(client));
  client.say(R"({"type":"ping"})");
  EXPECT_EQ(next(client)["type"], "pong");
  client.say(R"({"type":"claim","visit":"v","by":"Sam"})");
  EXPECT_EQ(next(client)["ok"], true);
  EXPECT_EQ(next(client)["state"], "claimed");
}

TEST_F(StaffServerTest, ResumeWorksOnce) {
  TestClient client = listener();
  client.say(R"({"type":"resume","after":0})");
  EXPECT_EQ(next(client)["code"], "already_resumed");
  publish("v");
  EXPECT_EQ(next(client)["type"], "alert");
}

TEST_F(StaffServerTest, TwoClaimAtOnceAndOneWins) {
  TestClient sam = listener();
  TestClient kim = listener();
  TestClient other = listener();
  publish("v");
  for (TestClient* client : {&sam, &kim, &other}) EXPECT_EQ(next(*client)["type"], "alert");
  sam.say(R"({"type":"claim","visit":"v","by":"Sam"})");
  kim.say(R"({"type":"claim","visit":"v","by":"Kim"})");
  const json won = next(other);
  EXPECT_EQ(won["type"], "claimed");
  EXPECT_EQ(won["ok"], true);
  const std::string winner = won["by"];
  const json update = next(other);
  EXPECT_EQ(update["type"], "update");
  EXPECT_EQ(update["state"], "claimed");
  EXPECT_EQ(update["seq"], 2);
  EXPECT_EQ(update["by"], winner);
  EXPECT_TRUE(is_quiet(other));
  TestClient& first = winner == "Sam" ? sam : kim;
  TestClient& loser = winner == "Sam" ? kim : sam;
  for (TestClient* client : {&first, &loser}) {
    EXPECT_EQ(next(*client), won);
    EXPECT_EQ(next(*client), update);
  }
  EXPECT_EQ(next(loser),
            json::parse(R"({"type":"claimed","visit":"v","ok":false,"by":")" + winner + "\"}"));
  EXPECT_TRUE(is_quiet(first));
}

TEST_F(StaffServerTest, AClaimRepeatedByTheWinnerIsNotNews) {
  TestClient sam = listener();
  TestClient other = listener();
  publish("v");
  sam.say(R"({"type":"claim","visit":"v","by":"Sam"})");
  for (int i = 0; i < 3; ++i) next(sam), next(other);
  sam.say(R"({"type":"claim","visit":"v","by":"Sam"})");
  EXPECT_EQ(next(sam)["ok"], true);
  EXPECT_TRUE(is_quiet(other));
}

TEST_F(StaffServerTest, AClaimMadeElsewhereIsToldToAll) {
  TestClient client = listener();
  publish("v");
  next(client);
  server->announce_claim(VisitId("v"), "the board");
  const json line = next(client);
  EXPECT_EQ(line["type"], "claimed");
  EXPECT_EQ(line["by"], "the board");
}

TEST_F(StaffServerTest, ClosingTellsEveryone) {
  TestClient sam = listener();
  TestClient other = listener();
  publish("v");
  sam.say(R"({"type":"claim","visit":"v","by":"Sam"})");
  for (int i = 0; i < 3; ++i) next(sam), next(other);
  sam.say(R"({"type":"close","visit":"v","outcome":"served","note":"two pairs"})");
  for (TestClient* client : {&sam, &other}) {
    const json update = next(*client);
    EXPECT_EQ(update["state"], "closed");
    EXPECT_EQ(update["outcome"], "served");
    EXPECT_EQ(update["seq"], 3);
  }
  EXPECT_EQ(desk.closed_by, "Sam");
  EXPECT_EQ(desk.closed_note, "two pairs");
}

TEST_F(StaffServerTest, ARequestThatCannotBeDoneIsAnErrorAndNoMore) {
  TestClient client = greeted();
  client.say(R"({"type":"claim","visit":"nope","by":"Sam"})");
  EXPECT_EQ(next(client)["code"], "unknown_visit");
  client.say(R"({"type":"close","visit":"nope","outcome":"served"})");
  EXPECT_EQ(next(client)["code"], "unknown_visit");
  client.say(R"({"type":"ping"})");
  EXPECT_EQ(next(client)["type"], "pong");
}

TEST_F(StaffServerTest, AcksReachTheDesk) {
  TestClient client = listener();
  publish("v");
  next(client);
  client.say(R"({"type":"ack","seq":1})");
  EXPECT_TRUE(run_until([&] { return !desk.acks.empty(); }));
  EXPECT_THAT(desk.acks, ElementsAre(1));
}

TEST_F(StaffServerTest, RequestsMayComeInAnyPieces) {
  TestClient client = greeted();
  client.send("{\"type\":");
  run_for(5ms);
  client.send("\"ping\"}\n{\"type\":\"ping\"}\r\n{\"type\"");
  EXPECT_EQ(next(client)["type"], "pong");
  EXPECT_EQ(next(client)["type"], "pong");
  client.send(":\"ping\"}\n");
  EXPECT_EQ(next(client)["type"], "pong");
}

TEST_F(StaffServerTest, ManyRequestsInOnePacketAreAllAnswered) {
  TestClient client = greeted();
  std::string many;
  for (int i = 0; i < 500; ++i) many += "{\"type\":\"ping\"}\n";
  client.send(many);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(next(client)["type"], "pong") << i;
}

TEST_F(StaffServerTest, AClientThatFinishesItsRequestsGetsItsAnswers) {
  publish("v");
  TestClient client(server->port());
  client.say(R"({"type":"resume","after":0})");
  client.finish_sending();
  EXPECT_EQ(next(client)["type"], "hello");
  EXPECT_EQ(next(client)["type"], "alert");
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(run_until([&] { return server->clients() == 0; }));
}

TEST(StaffServerAddress, AddressesThatDoNotWorkAreExplained) {
  boost::asio::io_context io;
  FakeDesk desk;
  const auto first = StaffServer::open(io, desk, {.listen = "127.0.0.1:0"});
  ASSERT_TRUE(first);
  const std::string taken = "127.0.0.1:" + std::to_string((*first)->port());
  const auto refusal = [&](const std::string& listen) {
    const auto opened = StaffServer::open(io, desk, {.listen = listen});
    return opened ? Error{} : opened.error();
  };
  EXPECT_EQ(refusal(taken).code, "port_in_use");
  EXPECT_EQ(refusal(taken).fault, Fault::kEnvironment);
  EXPECT_THAT(refusal(taken).message, HasSubstr(taken));
  for (const char* listen : {"", "7433", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000",
                             "127.0.0.1:7x", "shop.example:7433", "::1:7433", ":7433"}) {
    EXPECT_EQ(refusal(listen).code, "bad_address") << listen;
    EXPECT_EQ(refusal(listen).fault, Fault::kInput);
  }
  for (const char* listen : {"0.0.0.0:0", "[::]:0", "192.0.2.1:7433"}) {
    EXPECT_EQ(refusal(listen).code, "tls_required") << listen;
  }
  EXPECT_TRUE(StaffServer::open(io, desk, {.listen = "localhost:0"}));
}

}  // namespace
}  // namespace maitred
