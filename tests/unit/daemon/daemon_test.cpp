// A running daemon, asked over its control socket, and the same store without it.
#include "maitred/daemon/daemon.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "maitred/doors/control/client.h"
#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using nlohmann::json;

template <class Value>
Value must(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  return std::move(*result);
}

class DaemonTest : public testing::Test {
 protected:
  DaemonTest() {
    settings_.store_path = folder_.path() / "store.db";
    settings_.staff.listen.port = 0;
    settings_.board.listen = {};
    settings_.metrics = {};
    key_.source = {KeyKind::kFile, (folder_.path() / "store.key").string()};
    Store store = must(Store::create(settings_.store_path, key_, actor_));
    for (const char* name : {"Ada", "Bea"}) {
      NewCustomer customer;
      customer.profile.name = name;
      customer.consent.version = "v1";
      customer.consent.reference = "form 1";
      customer.consent.scopes = {Scope::kRecognition};
      customer.consent.granted = actor_.at;
      customer.templates.emplace_back("retail",
                                      std::vector<float>(256, name[0] == 'A' ? 1.0F : -1.0F));
      ids_.push_back(must(store.customers().enrol(customer, actor_)).value);
    }
  }

  void start() {
    DaemonOptions options;
    options.runtime_folder = folder_.path();
    daemon_ = must(Daemon::open(must(Shop::open(settings_, key_)), std::move(options)));
    thread_ = std::thread([this] { status_ = daemon_->run(); });
  }
  ~DaemonTest() override {
    if (thread_.joinable()) stop();
  }

  // Ends the daemon as systemd would, and returns its exit status.
  int stop() {
    ::kill(::getpid(), SIGTERM);
    thread_.join();
    daemon_.reset();
    return status_;
  }

  // One long verb runs at a time. The retention of the first start is one: it is waited for.
  Result<json> ask(std::string_view verb, const json& args) {
    for (;;) {
      auto client = must(ControlClient::connect(folder_.path() / "control.sock"));
      auto answer = client.call(verb, args, [this](std::uint64_t, std::uint64_t) { ++progress_; });
      if (answer || answer.error().code != "busy") return answer;
      std::this_thread::yield();
    }
  }
  Result<json> ask_store(std::string_view verb, const json& args) {
    const auto shop = must(Shop::open(settings_, key_));
    return Verbs().run(verb, *shop, args, {"uid:0", wall_now()});
  }

  TemporaryFolder folder_;
  Settings settings_;
  KeyAccess key_;
  const Actor actor_{"uid:0", wall_now()};
  std::vector<std::string> ids_;
  std::unique_ptr<Daemon> daemon_;
  std::thread thread_;
  int status_ = -1;
  int progress_ = 0;
};

TEST_F(DaemonTest, AVerbAnswersTheSameWithAndWithoutTheDaemon) {
  const std::vector<std::pair<std::string, json>> calls = {
      {"list", json::object()},
      {"show", {{"id", ids_[0]}}},
      {"consent_show", {{"id", ids_[1]}}},
      {"visits", json::object()},
      {"rule_list", json::object()},
      {"staff_list", json::object()},
      {"key_slots", json::object()},
      {"engine_members", {{"engine", "retail"}}},
      {"show", {{"id", "nobody"}}},
      {"show", {{"id", 7}}},
      {"show", {{"id", "x"}, {"extra", 1}}},
      {"identify", json::object()},
      {"dance", json::object()}};
  const auto outcome = [](const Result<json>& answer) {
    return answer ? answer->dump() : answer.error().code + ": " + answer.error().message;
  };
  std::vector<std::string> online;
  start();
  for (const auto& [verb, args] : calls) online.push_back(outcome(ask(verb, args)));
  EXPECT_EQ(stop(), 0);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(outcome(ask_store(calls[i].first, calls[i].second)), online[i]) << calls[i].first;
  }
}

TEST_F(DaemonTest, StatusHasThePartThatOnlyTheDaemonKnows) {
  start();
  const json live = must(ask("status", json::object()));
  EXPECT_EQ(stop(), 0);
  const json still = must(ask_store("status", json::object()));
  EXPECT_EQ(live["running"], true);
  EXPECT_EQ(still["running"], false);
  for (const char* key :
       {"integrations", "staff_listen", "board_listen", "metrics_listen", "eye_restarts"}) {
    EXPECT_TRUE(live.contains(key)) << key;
    EXPECT_FALSE(still.contains(key)) << key;
  }
  for (const auto& [key, value] : still.items()) {
    EXPECT_TRUE(live.contains(key)) << key;
    if (key == "running" || key == "retention") continue;
    EXPECT_EQ(live[key], value) << key;
  }
}

TEST_F(DaemonTest, ARestoreRunsInStepsAndTheGalleryFollows) {
  const std::string backup = (folder_.path() / "a.backup").string();
  start();
  EXPECT_EQ(must(ask("backup", {{"file", backup}}))["verified"], true);
  must(ask("forget", {{"id", ids_[0]}}));
  progress_ = 0;
  const json restored = must(ask("restore", {{"file", backup}}));
  EXPECT_EQ(restored["erasures_replayed"], 1);
  EXPECT_GE(progress_, 2);
  EXPECT_EQ(must(ask("status", json::object()))["matchable"], 1);
  EXPECT_EQ(must(ask("list", json::object()))["customers"].size(), 1U);
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(must(ask_store("list", json::object()))["customers"].at(0)["id"], ids_[1]);
}

TEST_F(DaemonTest, TheVerbsOfCamerasAndEngineAreStrictToo) {
  start();
  EXPECT_EQ(must(ask("camera_pause", {{"camera", "entrance"}, {"seconds", 5.0}})),
            (json{{"paused", true}}));
  EXPECT_EQ(must(ask("camera_resume", {{"camera", "entrance"}})), (json{{"paused", false}}));
  EXPECT_EQ(must(ask("use_engine", {{"engine", "retail"}})), (json{{"engine", "retail"}}));
  EXPECT_EQ(ask("camera_pause", {{"camera", "entrance"}}).error().code, "bad_usage");
  EXPECT_EQ(ask("use_engine", json::object()).error().code, "bad_usage");
  EXPECT_EQ(ask("use_engine", {{"engine", 3}}).error().code, "bad_usage");
  EXPECT_FALSE(ask("use_engine", {{"engine", "no such"}}));
  EXPECT_EQ(must(ask("status", json::object()))["engine"], "retail");
  EXPECT_EQ(stop(), 0);
}

TEST_F(DaemonTest, StaffAreAddedListedAndRevoked) {
  start();
  must(ask("staff_add", {{"name", "Sam"}}));
  EXPECT_EQ(must(ask("staff_list", json::object()))["staff"].at(0)["name"], "Sam");
  EXPECT_EQ(must(ask("staff_revoke", {{"name", "Sam"}})),
            (json{{"name", "Sam"}, {"revoked", true}}));
  EXPECT_EQ(must(ask("staff_list", json::object()))["staff"].size(), 0U);
  EXPECT_EQ(stop(), 0);
}

}  // namespace
}  // namespace maitred
