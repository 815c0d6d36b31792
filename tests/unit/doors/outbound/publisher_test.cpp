// A broker of a few bytes: one that says nothing, one that refuses, one that keeps what it gets to
// itself. The real one is met by the scenarios of the whole programs.
#include "maitred/doors/outbound/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>

#include "maitred/base/file.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int kPatienceMs = 20'000;
constexpr std::string_view kWelcome{"\x20\x02\x00\x00", 4};
constexpr std::string_view kNotAllowed{"\x20\x02\x00\x05", 4};

class Broker {
 public:
  Broker() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), any, size), 0);
    EXPECT_EQ(::listen(listener_.get(), 4), 0);
    EXPECT_EQ(::getsockname(listener_.get(), any, &size), 0);
    port_ = ntohs(address.sin_port);
  }

  std::string address() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }

  // Waits for a client and for the first it says.
  void meet() {
    ASSERT_TRUE(readable(listener_.get()));
    client_ = UniqueFd(::accept(listener_.get(), nullptr, nullptr));
    hear_of("MQTT");
  }
  void say(std::string_view bytes) const {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void hear_of(std::string_view words) {
    while (heard_.find(words) == std::string::npos) {
      ASSERT_TRUE(readable(client_.get()));
      std::array<char, 512> bytes{};
      const auto count = ::read(client_.get(), bytes.data(), bytes.size());
      ASSERT_GT(count, 0);
      heard_.append(bytes.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  static bool readable(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, kPatienceMs) == 1;
  }

  UniqueFd listener_;
  UniqueFd client_;
  std::uint16_t port_ = 0;
  std::string heard_;
};

// The owner's thread is the test's.
class Publisher : public testing::Test {
 protected:
  // Both have met, and the broker has not answered yet.
  void begin() {
    MqttOptions options;
    options.broker = broker_.address();
    options.client_id = "shop";
    options.availability_topic = "shop/available";
    auto made = MqttPublisher::make(options, [this](std::function<void()> job) {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(job));
      changed_.notify_all();
    });
    ASSERT_TRUE(made) << made.error().message;
    publisher_ = std::move(*made);
    publisher_->connect(noted());
    broker_.meet();
  }

  MqttPublisher::Done noted() {
    return [this](bool ok) { answers_.push_back(ok); };
  }

  // Runs the next that is posted.
  bool run_one() {
    std::unique_lock lock(mutex_);
    const std::chrono::milliseconds patience{kPatienceMs};
    if (!changed_.wait_for(lock, patience, [this] { return !posted_.empty(); })) return false;
    const auto job = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    job();
    return true;
  }

  // What it takes to end.
  std::chrono::milliseconds end() {
    const auto began = std::chrono::steady_clock::now();
    publisher_.reset();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 began);
  }

  Broker broker_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> posted_;
  std::unique_ptr<MqttPublisher> publisher_;
  std::deque<bool> answers_;
};

TEST_F(Publisher, EndsWhileTheBrokerKeepsSilentAndAnswersNobodyAfterwards) {
  begin();
  EXPECT_LT(end(), 10s);
  EXPECT_TRUE(posted_.empty());
  EXPECT_TRUE(answers_.empty());
}

TEST_F(Publisher, SaysWhyItIsNotLetIn) {
  begin();
  broker_.say(kNotAllowed);
  // It asks again in the words of the protocol's version before.
  broker_.meet();
  broker_.say(kNotAllowed);
  ASSERT_TRUE(run_one());
  EXPECT_EQ(answers_, std::deque<bool>{false});
  EXPECT_THAT(publisher_->trouble(), HasSubstr("user or password"));
  end();
}

TEST_F(Publisher, EndsWhileAMessageIsNotYetAcknowledged) {
  begin();
  broker_.say(kWelcome);
  ASSERT_TRUE(run_one());
  EXPECT_EQ(answers_, std::deque<bool>{true});
  EXPECT_EQ(publisher_->trouble(), "");
  publisher_->publish("shop/alerts", "Kim came in", noted());
  broker_.hear_of("Kim came in");
  EXPECT_LT(end(), 10s);
  // Whoever still listens hears that it did not arrive.
  for (const auto& job : posted_) job();
  for (std::size_t i = 1; i < answers_.size(); ++i) EXPECT_FALSE(answers_[i]);
}

TEST_F(Publisher, TakesAddressesOfBrokersOnly) {
  MqttOptions options;
  options.broker = "localhost:1883";
  const auto made = MqttPublisher::make(options, [](const std::function<void()>&) {});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("mqtt://"));
}

}  // namespace
}  // namespace maitred
