#include "src/doors/staff/staff_routing.h"

#include <gmock/gmock.h>

#include "tests/unit/doors/staff/staff_fixture.h"

namespace maitred {
namespace {

Alert for_(Audience audience, int level = 0) {
  Alert alert = new_alert(1, "v");
  alert.audience = std::move(audience);
  alert.escalation = level;
  return alert;
}

const StaffTerminal kPlain{"till"};
const StaffTerminal kShoes{"shoes", {"shoes", "french"}, {"ground"}};
const StaffTerminal kUpstairs{"up", {"shoes"}, {"first"}};
const StaffTerminal kManager{"boss", {"shoes"}, {}, true};

struct Expected {
  Audience audience;
  int level;
  bool plain, shoes, upstairs, manager;
};

TEST(StaffRouting, GoesToWhomTheAudienceNamesThenToAllThenToManagers) {
  const Expected table[] = {
      {{}, 0, true, true, true, false},
      {{}, 1, true, true, true, false},
      {{}, 2, true, true, true, true},
      {{"shoes", ""}, 0, false, true, true, false},
      {{"shoes", "ground"}, 0, false, true, false, false},
      {{"", "first"}, 0, false, false, true, false},
      {{"wine", ""}, 0, false, false, false, false},
      {{"wine", ""}, 1, true, true, true, false},
      {{"wine", ""}, 2, true, true, true, true},
      {{"", "", true}, 0, false, false, false, true},
      {{"", "", true}, 1, true, true, true, true},
      {{"shoes", "", true}, 0, false, true, true, true},
  };
  for (const Expected& row : table) {
    const Alert alert = for_(row.audience, row.level);
    SCOPED_TRACE(row.audience.skill + "/" + row.audience.zone + " " + std::to_string(row.level));
    EXPECT_EQ(staff::is_for(alert, kPlain), row.plain);
    EXPECT_EQ(staff::is_for(alert, kShoes), row.shoes);
    EXPECT_EQ(staff::is_for(alert, kUpstairs), row.upstairs);
    EXPECT_EQ(staff::is_for(alert, kManager), row.manager);
  }
}

// Terminals are told apart by their tokens.
class RoutedStaff : public StaffFixture {
 protected:
  class Desk : public FakeDesk {
   public:
    std::optional<StaffTerminal> authenticate(std::string_view shown) override {
      for (const StaffTerminal* one : {&kPlain, &kShoes, &kUpstairs, &kManager}) {
        if (one->name == shown) return *one;
      }
      return {};
    }
  };

  void SetUp() override {
    auto opened = StaffServer::open(
        io, desk_, {.listen = "127.0.0.1:0", .server = "maitred test", .store = "store-1"});
    ASSERT_TRUE(opened);
    server = std::move(*opened);
    desk_.token = "any";
  }
  TestClient terminal(const StaffTerminal& who) {
    TestClient client = greeted();
    client.say(R"({"type":"auth","token":")" + who.name + "\"}");
    const std::size_t before = server->clients_resumed();
    client.say(R"({"type":"resume","after":0})");
    EXPECT_TRUE(run_until([&] { return server->clients_resumed() > before; }));
    return client;
  }
  Alert change(Alert alert, AlertState state, int level) {
    alert.seq = ++desk_.last_seq;
    alert.state = state;
    alert.escalation = level;
    desk_.alerts[alert.visit.value] = alert;
    server->publish(alert);
    return alert;
  }
  Alert raise(const std::string& visit, Audience audience) {
    Alert alert = desk_.add(visit);
    alert.audience = std::move(audience);
    desk_.alerts[visit] = alert;
    server->publish(alert);
    return alert;
  }

  Desk desk_;
};

TEST_F(RoutedStaff, WhoWasNotToldLearnsEverythingWhenItIsEscalated) {
  TestClient shoes = terminal(kShoes);
  TestClient plain = terminal(kPlain);
  TestClient boss = terminal(kManager);
  Alert alert = raise("v1", {"shoes", ""});
  EXPECT_EQ(next(shoes)["type"], "alert");
  EXPECT_TRUE(is_quiet(plain));
  EXPECT_TRUE(is_quiet(boss));
  // One that connects now is not told either.
  TestClient late = terminal(kPlain);
  EXPECT_TRUE(is_quiet(late));

  alert = change(alert, AlertState::kEscalated, 1);
  EXPECT_EQ(next(shoes)["type"], "update");
  for (TestClient* client : {&plain, &late}) {
    const auto line = next(*client);
    EXPECT_EQ(line["type"], "alert");
    EXPECT_EQ(line["state"], "escalated");
    EXPECT_EQ(line["customer"]["name"], "Ada Example");
  }
  EXPECT_TRUE(is_quiet(boss));
  alert = change(alert, AlertState::kEscalated, 2);
  EXPECT_EQ(next(boss)["type"], "alert");
  EXPECT_EQ(next(plain)["type"], "update");

  boss.say(R"({"type":"claim","visit":"v1","by":"Boss"})");
  EXPECT_EQ(next(boss)["type"], "claimed");
  EXPECT_EQ(next(boss)["type"], "update");
}

TEST_F(RoutedStaff, WhatEndsBeforeItIsForThemIsNeverHeardOf) {
  TestClient shoes = terminal(kShoes);
  TestClient plain = terminal(kPlain);
  const Alert alert = raise("v1", {"shoes", ""});
  EXPECT_EQ(next(shoes)["type"], "alert");
  shoes.say(R"({"type":"claim","visit":"v1","by":"Sam"})");
  EXPECT_EQ(next(shoes)["type"], "claimed");
  EXPECT_EQ(next(shoes)["type"], "update");
  shoes.say(R"({"type":"close","visit":"v1","outcome":"served"})");
  EXPECT_EQ(next(shoes)["state"], "closed");
  EXPECT_TRUE(is_quiet(plain));
}

TEST_F(RoutedStaff, NobodyOfTheAudienceThereSoAllAreToldAtOnce) {
  TestClient plain = terminal(kPlain);
  TestClient boss = terminal(kManager);
  raise("v1", {"wine", ""});
  EXPECT_EQ(next(plain)["type"], "alert");
  EXPECT_EQ(next(boss)["type"], "alert");
}

TEST_F(RoutedStaff, ARevokedTerminalIsSentAwayAtOnceAndNoOther) {
  TestClient shoes = terminal(kShoes);
  TestClient plain = terminal(kPlain);
  server->drop_terminal("shoes");
  EXPECT_EQ(next(shoes)["code"], "token_revoked");
  EXPECT_TRUE(is_closed(shoes));
  EXPECT_TRUE(is_quiet(plain));
}

}  // namespace
}  // namespace maitred
