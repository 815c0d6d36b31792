// The staff server and its client over TLS.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "maitred/doors/staff/staff_client.h"
#include "tests/support/certificate.h"
#include "tests/unit/doors/staff/staff_fixture.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class StaffTlsTest : public StaffFixture {
 protected:
  void SetUp() override {
    char name[] = "/tmp/maitred-tls-XXXXXX";
    folder_ = ::mkdtemp(name);
    shop_ = std::make_unique<TestCertificate>(folder_, "shop");
    open_tls();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void open_tls(StaffLimits limits = {}) {
    open({.listen = "127.0.0.1:0",
          .server = "maitred tls",
          .store = "store-1",
          .limits = limits,
          .tls_cert = shop_->certificate,
          .tls_key = shop_->key});
  }

  StaffClient client(ServerTrust tls) {
    tls.on = true;
    return StaffClient({.server = "127.0.0.1:" + std::to_string(server->port()),
                        .tls = std::move(tls),
                        .backoff_first = 5ms,
                        .backoff_last = 20ms},
                       [this](const StaffEvent& event) {
                         if (const auto* alert = std::get_if<StaffAlertEvent>(&event)) {
                           visits_.push_back(alert->alert.visit.value);
                         }
                         if (const auto* gone = std::get_if<StaffDisconnected>(&event)) {
                           losses_.push_back(gone->why.code);
                         }
                       });
  }
  template <class Predicate>
  bool both_until(StaffClient& client, Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      client.poll(1ms);
      io.restart();
      io.poll();
    }
    return done();
  }

  std::filesystem::path folder_;
  std::unique_ptr<TestCertificate> shop_;
  std::vector<std::string> visits_;
  std::vector<std::string> losses_;
};

TEST_F(StaffTlsTest, AlertsArriveWhenTheServerIsWhoItShouldBe) {
  for (const ServerTrust& tls :
       {ServerTrust{.certificate = shop_->certificate}, ServerTrust{.pin = shop_->pin},
        ServerTrust{.authorities = shop_->certificate}}) {
    visits_.clear();
    StaffClient watcher = client(tls);
    ASSERT_TRUE(both_until(watcher, [&] { return server->clients_resumed() == 1; }));
    const Alert alert = desk.add("long");
    Alert large = alert;
    large.headline = std::string(1000, 'x');
    for (int i = 0; i < 40; ++i) large.customer.asks.push_back({1, std::string(300, 'a'), "", {}});
    server->publish(large);
    publish("short");
    EXPECT_TRUE(both_until(watcher, [&] { return visits_.size() == 2; }));
    EXPECT_THAT(visits_, ElementsAre("long", "short"));
    EXPECT_TRUE(losses_.empty());
    desk.alerts.clear();
    watcher = client(tls);
    ASSERT_TRUE(run_until([&] { return server->clients() == 0; }));
  }
}

TEST_F(StaffTlsTest, AnImpostorIsNotBelieved) {
  const TestCertificate other(folder_, "other");
  for (const ServerTrust& tls :
       {ServerTrust{.certificate = other.certificate}, ServerTrust{.pin = other.pin},
        ServerTrust{.authorities = other.certificate}, ServerTrust{}}) {
    losses_.clear();
    StaffClient watcher = client(tls);
    ASSERT_TRUE(both_until(watcher, [&] { return !losses_.empty(); }));
    EXPECT_EQ(losses_.front(), "tls_failed");
    EXPECT_FALSE(watcher.connected());
  }
  for (const ServerTrust& tls :
       {ServerTrust{.pin = "12:34"}, ServerTrust{.certificate = shop_->key},
        ServerTrust{.authorities = "/nowhere.pem"}}) {
    losses_.clear();
    StaffClient watcher = client(tls);
    ASSERT_TRUE(both_until(watcher, [&] { return !losses_.empty(); }));
    EXPECT_EQ(losses_.front(), "tls_unusable");
  }
}

TEST_F(StaffTlsTest, WhoSpeaksInClearIsNotAnswered) {
  TestClient plain(server->port());
  plain.say(R"({"type":"resume","after":0})");
  EXPECT_TRUE(is_closed(plain));
}

TEST_F(StaffTlsTest, AHandshakeThatIsNeverFinishedEnds) {
  open_tls({.handshake = 30ms});
  TestClient silent(server->port());
  EXPECT_TRUE(is_closed(silent));
  EXPECT_EQ(server->clients(), 0U);
}

TEST_F(StaffTlsTest, ItDrainsWithoutWaitingForClientsToSayGoodbye) {
  StaffClient watcher = client({.pin = shop_->pin});
  ASSERT_TRUE(both_until(watcher, [&] { return server->clients_resumed() == 1; }));
  bool drained = false;
  server->drain(500ms, [&] { drained = true; });
  EXPECT_TRUE(both_until(watcher, [&] { return drained; }));
}

TEST_F(StaffTlsTest, FilesThatAreNoneAreNamed) {
  const TestCertificate other(folder_, "other");
  const auto message = [&](const std::string& cert, const std::string& key) {
    const auto opened =
        StaffServer::open(io, desk, {.listen = "127.0.0.1:0", .tls_cert = cert, .tls_key = key});
    return opened ? std::string() : opened.error().message;
  };
  EXPECT_THAT(message("/nowhere.pem", shop_->key), testing::HasSubstr("/nowhere.pem"));
  EXPECT_THAT(message(shop_->certificate, "/nowhere.key"), testing::HasSubstr("/nowhere.key"));
  EXPECT_THAT(message(shop_->certificate, other.key), testing::HasSubstr("not the key"));
}

TEST_F(StaffTlsTest, OtherMachinesMayComeOnlyWithTls) {
  const auto open_to_all = [&](const std::string& cert, const std::string& key) {
    return StaffServer::open(io, desk, {.listen = "0.0.0.0:0", .tls_cert = cert, .tls_key = key});
  };
  EXPECT_TRUE(open_to_all(shop_->certificate, shop_->key));
  const auto plain = open_to_all("", "");
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().code, "tls_required");
}

TEST_F(StaffTlsTest, AKeyWithAPassphraseIsRefusedAndNothingIsAsked) {
  const TestCertificate locked(folder_, "locked", "open sesame");
  StaffServerOptions options{.listen = "127.0.0.1:0"};
  options.tls_cert = locked.certificate;
  options.tls_key = locked.key;
  const auto refused = StaffServer::open(io, desk, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "tls_unusable");
  EXPECT_THAT(refused.error().message, testing::HasSubstr(locked.key));
  EXPECT_EQ(server->renew_tls(locked.certificate, locked.key).error().code, "tls_unusable");
  const OnTerminal seen = run_on_terminal([&] {
    boost::asio::io_context own;
    const auto opened = StaffServer::open(own, desk, options);
    return !opened && opened.error().code == "tls_unusable" ? 7 : 1;
  });
  EXPECT_EQ(seen.printed, "");
  EXPECT_EQ(seen.status, 7);
}

}  // namespace
}  // namespace maitred
