// Webhooks over real sockets, to a web server of this program.
#include "maitred/doors/outbound/integrations.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "maitred/doors/outbound/cloud_event.h"
#include "maitred/doors/web/server.h"
#include "tests/support/test_shop.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Receiver : public WebSite {
 public:
  explicit Receiver(boost::asio::io_context& io) {
    auto opened = WebServer::open(io, *this, {});
    EXPECT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/hook?shop=1";
  }
  std::string name() const { return "webhook 127.0.0.1:" + std::to_string(server_->port()); }
  void on_request(const WebRequest& request, WebReply reply) override {
    requests.push_back(request);
    WebResponse answer;
    answer.status = status;
    reply(std::move(answer));
  }
  std::vector<std::string> types() const {
    std::vector<std::string> types;
    for (const WebRequest& request : requests) {
      types.push_back(nlohmann::json::parse(request.body).at("type"));
    }
    return types;
  }

  int status = 204;
  std::vector<WebRequest> requests;

 private:
  std::unique_ptr<WebServer> server_;
};

WebhookSettings webhook(const std::string& url, const std::string& secret_file = "") {
  WebhookSettings settings;
  settings.url = url;
  settings.secret_file = secret_file;
  return settings;
}

class IntegrationsTest : public testing::Test {
 protected:
  template <class Predicate>
  bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    return done();
  }
  std::string secret_file(const std::string& secret) const {
    const std::string file = box_->folder.path() / "secret";
    std::ofstream(file, std::ios::trunc) << secret << "\nnot a part of it\n";
    return file;
  }
  void open_shop(const std::vector<std::string>& urls) {
    Settings settings;
    for (const std::string& url : urls) settings.webhooks.push_back(webhook(url));
    box_ = std::make_unique<TestShop>(settings);
  }
  void open() {
    auto opened = Integrations::open(io_, *box_->shop);
    ASSERT_TRUE(opened) << opened.error().message;
    all_ = std::move(*opened);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const CourierState& state : all_->states()) names.push_back(state.name);
    return names;
  }
  void apply(const Settings& settings) {
    auto prepared = all_->renewed(settings);
    ASSERT_TRUE(prepared) << prepared.error().message;
    (*prepared)();
  }

  boost::asio::io_context io_;
  Receiver receiver_{io_};
  std::unique_ptr<TestShop> box_;
  std::unique_ptr<Integrations> all_;
};

TEST_F(IntegrationsTest, AWebhookGetsSignedEvents) {
  open_shop({});
  Settings settings = box_->settings;
  settings.webhooks = {webhook(receiver_.url(), secret_file("s3cret"))};
  open();
  EXPECT_THAT(names(), IsEmpty());
  apply(settings);
  ASSERT_THAT(names(), ElementsAre(receiver_.name()));
  box_->arrive();
  all_->nudge();
  ASSERT_TRUE(run_until([&] { return all_->states()[0].delivered == 1; }));
  const WebRequest& request = receiver_.requests.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/hook");
  EXPECT_EQ(request.query, "shop=1");
  EXPECT_THAT(std::string(request.header("content-type")), HasSubstr("cloudevents+json"));
  EXPECT_THAT(receiver_.types(), ElementsAre("maitred.alert.new"));
  EXPECT_THAT(request.body, Not(HasSubstr("Robin")));
  const std::string signature(request.header("x-maitred-signature"));
  ASSERT_TRUE(signature.starts_with("t=")) << signature;
  const WallTime at{std::chrono::seconds{std::stoll(signature.substr(2))}};
  EXPECT_EQ(signature, event_signature("s3cret", at, request.body));
}

TEST_F(IntegrationsTest, OneSystemThatIsDownDoesNotHoldUpAnother) {
  Receiver broken(io_);
  broken.status = 500;
  open_shop({broken.url(), receiver_.url()});
  open();
  box_->arrive();
  all_->nudge();
  ASSERT_TRUE(run_until([&] { return all_->states()[1].delivered == 1; }));
  ASSERT_TRUE(run_until([&] { return all_->states()[0].failures >= 1; }));
  EXPECT_FALSE(all_->states()[0].delivering);
  EXPECT_THAT(all_->states()[0].trouble, HasSubstr("500"));
  EXPECT_EQ(all_->states()[0].waiting, 1U);
}

TEST_F(IntegrationsTest, ASystemThatIsNotThereIsNamedAsUnreachable) {
  std::string url;
  {
    const Receiver gone(io_);
    url = gone.url();
  }
  open_shop({url});
  open();
  box_->arrive();
  all_->nudge();
  ASSERT_TRUE(run_until([&] { return all_->states()[0].failures >= 1; }));
  EXPECT_THAT(all_->states()[0].trouble, HasSubstr("127.0.0.1:"));
}

TEST_F(IntegrationsTest, OtherSettingsChangeOnlyWhatDiffers) {
  Receiver second(io_), third(io_);
  open_shop({receiver_.url(), second.url()});
  open();
  box_->arrive();
  all_->nudge();
  ASSERT_TRUE(
      run_until([&] { return receiver_.requests.size() == 1 && second.requests.size() == 1; }));
  Settings fresh = box_->settings;
  fresh.webhooks = {webhook(third.url()), webhook(receiver_.url())};
  const auto prepared = all_->renewed(fresh);
  ASSERT_TRUE(prepared);
  EXPECT_THAT(names(), ElementsAre(receiver_.name(), second.name()));  // nothing has changed yet
  (*prepared)();
  ASSERT_TRUE(run_until([&] { return names().size() == 2; }));
  EXPECT_THAT(names(), ElementsAre(receiver_.name(), third.name()));
  EXPECT_EQ(all_->states()[0].delivered, 1U);  // the same courier as before
  box_->arrive("Toni Example");
  all_->nudge();
  ASSERT_TRUE(
      run_until([&] { return receiver_.requests.size() == 2 && third.requests.size() == 1; }));
  EXPECT_EQ(second.requests.size(), 1U);
}

TEST_F(IntegrationsTest, AnotherSecretInTheSameFileCountsAndNoEventIsLost) {
  open_shop({});
  Settings settings = box_->settings;
  settings.webhooks = {webhook(receiver_.url(), secret_file("first"))};
  open();
  apply(settings);
  secret_file("second");
  apply(settings);
  ASSERT_TRUE(run_until([&] { return names().size() == 1; }));
  box_->arrive();
  all_->nudge();
  ASSERT_TRUE(run_until([&] { return receiver_.requests.size() == 1; }));
  const std::string signature(receiver_.requests[0].header("x-maitred-signature"));
  const WallTime at{std::chrono::seconds{std::stoll(signature.substr(2))}};
  EXPECT_EQ(signature, event_signature("second", at, receiver_.requests[0].body));
}

TEST_F(IntegrationsTest, SettingsThatCannotBeUsedChangeNothing) {
  open_shop({receiver_.url()});
  open();
  const auto refusal = [&](const Settings& settings) {
    const auto prepared = all_->renewed(settings);
    return prepared ? std::string() : prepared.error().code;
  };
  Settings bad = box_->settings;
  bad.webhooks[0].url = "crm.example/hook";
  EXPECT_EQ(refusal(bad), "bad_url");
  bad = box_->settings;
  bad.webhooks[0].secret_file = "/nowhere/secret";
  EXPECT_EQ(refusal(bad), "secret_unusable");
  bad = box_->settings;
  bad.webhooks[0].ca_file = bad.webhooks[0].url;
  EXPECT_EQ(refusal(bad), "tls_unusable");
  bad = box_->settings;
  bad.mqtt.broker = "http://127.0.0.1";
  EXPECT_EQ(refusal(bad), "bad_broker");
  EXPECT_THAT(names(), ElementsAre(receiver_.name()));
}

}  // namespace
}  // namespace maitred
