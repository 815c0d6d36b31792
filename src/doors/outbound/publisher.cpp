#include "maitred/doors/outbound/publisher.h"

#include <mqtt/async_client.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace maitred {
namespace {

constexpr int kAtLeastOnce = 1;
constexpr std::chrono::seconds kKeepAlive{20};
constexpr std::chrono::seconds kConnectTimeout{5};
constexpr Milliseconds kGoodbye{800};
constexpr Milliseconds kLastPatience{2000};

// Puts a return code in words. Positive codes come from the broker.
std::string in_words(int code) {
  if (code == 4) return "user or password is wrong";
  if (code == 5) return "the broker refuses this user or password";
  if (code > 0) return "the broker refused, code " + std::to_string(code);
  return mqtt::exception::error_str(code);
}

}  // namespace

// The library locks itself while it looks up a name, so only a thread of our own calls it.
class MqttPublisher::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(MqttOptions options, Post post)
      : options_(std::move(options)),
        post_(std::move(post)),
        client_(uri_of(options_.broker), options_.client_id, nullptr) {
    tls_.set_enable_server_cert_auth(true);
    tls_.set_verify(true);
    tls_.ca_path("/etc/ssl/certs");
    if (!options_.ca_file.empty()) tls_.set_trust_store(options_.ca_file);
    client_.set_connection_lost_handler([this](const std::string& why) {
      const std::lock_guard lock(mutex_);
      ready_ = false;
      trouble_ = why.empty() ? "the connection broke" : why;
    });
  }

  void begin() {
    thread_ = std::thread([self = shared_from_this()] { self->work(); });
  }

  void connect(Done done) {
    const std::lock_guard lock(mutex_);
    if (ready_) return post_([done = std::move(done)] { done(true); });
    waiting_.push_back(std::move(done));
    if (connecting_) return;
    connecting_ = true;
    add([this] { attempt(); });
  }

  std::string trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

  void publish(const std::string& topic, const std::string& text, Done done) {
    const std::lock_guard lock(mutex_);
    add([this, topic, text, done = std::move(done)] { send(topic, text, false, done); });
  }

  void leave(std::function<void()> gone) {
    const std::lock_guard lock(mutex_);
    add([this, gone = std::move(gone)] {
      say_goodbye();
      const std::lock_guard said(mutex_);
      left_ = true;
      if (!gone_) post_(gone);
    });
  }

  void end() {
    std::unique_lock lock(mutex_);
    ending_ = true;
    if (left_) {
      // The library may take long to end: our thread waits for it alone.
      gone_ = true;
      changed_.notify_all();
      return thread_.detach();
    }
    add([this] { say_goodbye(); });
    const bool done = changed_.wait_for(lock, kLastPatience, [this] { return ended_; });
    gone_ = true;
    lock.unlock();
    // A thread that waits for a name lookup cannot be ended. It keeps alive what it needs.
    done ? thread_.join() : thread_.detach();
  }

 private:
  using Then = std::function<void(bool ok, const std::string& why)>;

  // Requires mutex_ to be locked.
  void add(std::function<void()> job) {
    jobs_.push_back(std::move(job));
    changed_.notify_all();
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !jobs_.empty() || ending_; });
      if (jobs_.empty()) break;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
    ended_ = true;
    changed_.notify_all();
  }

  static std::string uri_of(const std::string& broker) {
    const bool secure = broker.starts_with("mqtts://");
    return (secure ? "ssl://" : "tcp://") + broker.substr(secure ? 8 : 7);
  }

  mqtt::connect_options connect_options() const {
    mqtt::connect_options connect;
    connect.set_clean_session(true);
    connect.set_keep_alive_interval(kKeepAlive);
    connect.set_connect_timeout(kConnectTimeout);
    connect.set_will(mqtt::will_options(options_.availability_topic, std::string("offline"),
                                        kAtLeastOnce, true));
    if (!options_.user.empty()) {
      connect.set_user_name(options_.user);
      connect.set_password(options_.password);
    }
    if (options_.broker.starts_with("mqtts://")) connect.set_ssl(tls_);
    return connect;
  }

  // Hears once how a request ended, from a thread of the library.
  struct Answer : mqtt::iaction_listener {
    Answer(Impl& owner, Then what) : impl(owner), then(std::move(what)) {}
    void on_success(const mqtt::token&) override { impl.on_answer(this, true, ""); }
    void on_failure(const mqtt::token& token) override {
      impl.on_answer(this, false, in_words(token.get_return_code()));
    }
    Impl& impl;
    const Then then;
  };

  // The client answers every request while it lives or ends, except a connection attempt that its
  // end interrupts.
  void ask(Then then, const std::function<void(mqtt::iaction_listener&)>& request) {
    auto made = std::make_unique<Answer>(*this, std::move(then));
    Answer* const answer = made.get();
    {
      const std::lock_guard lock(mutex_);
      answers_.emplace(answer, std::move(made));
    }
    try {
      request(*answer);
    } catch (const std::exception& error) {
      on_answer(answer, false, error.what());
    }
  }

  void on_answer(const Answer* answer, bool ok, const std::string& why) {
    std::unique_lock lock(mutex_);
    const auto kept = answers_.extract(answer);
    lock.unlock();
    kept.mapped()->then(ok, why);
  }

  void attempt() {
    ask([this](bool ok, const std::string& why) { on_connect(ok, why); },
        [this](mqtt::iaction_listener& answer) {
          client_.connect(connect_options(), nullptr, answer);
        });
  }

  void on_connect(bool ok, const std::string& why) {
    const std::lock_guard lock(mutex_);
    connecting_ = false;
    ready_ = ok;
    trouble_ = ok ? "" : why;
    for (Done& done : std::exchange(waiting_, {})) {
      if (!gone_) post_([done = std::move(done), ok] { done(ok); });
    }
    if (!ok || ending_) return;
    for (const auto& [topic, text] : options_.announcements) {
      add([this, topic = topic, text = text] { send(topic, text, true, {}); });
    }
    add([this] { send(options_.availability_topic, "online", true, {}); });
  }

  void send(const std::string& topic, const std::string& text, bool retained, const Done& done) {
    ask([this, done](bool ok, const std::string& why) { sent(ok, why, done); },
        [&](mqtt::iaction_listener& answer) {
          client_.publish(mqtt::make_message(topic, text, kAtLeastOnce, retained), nullptr, answer);
        });
  }

  void sent(bool ok, const std::string& why, const Done& done) {
    const std::lock_guard lock(mutex_);
    if (!ok) trouble_ = why;
    if (done && !gone_) post_([done, ok] { done(ok); });
  }

  void say_goodbye() {
    try {
      if (!client_.is_connected()) return;
      client_
          .publish(mqtt::make_message(options_.availability_topic, "offline", kAtLeastOnce, true))
          ->wait_for(kGoodbye);
      client_.disconnect()->wait_for(kGoodbye);
    } catch (const std::exception&) {
    }
  }

  const MqttOptions options_;
  const Post post_;
  // Must not move: copies of it borrow its folder of authorities (libpaho-mqttpp 1.2).
  mqtt::ssl_options tls_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;  // this and the following are guarded by mutex_
  std::vector<Done> waiting_;               // for the end of the attempt to connect
  std::string trouble_;
  bool connecting_ = false;
  bool ready_ = false;
  bool left_ = false;    // has said goodbye
  bool ending_ = false;  // when the jobs are done
  bool ended_ = false;
  bool gone_ = false;                                         // the owner wants no more answers
  std::map<const Answer*, std::unique_ptr<Answer>> answers_;  // awaited
  // Its destructor waits for answers under way and gives the others, so it is destroyed first.
  mqtt::async_client client_;
  std::thread thread_;
};

Result<std::unique_ptr<MqttPublisher>> MqttPublisher::make(MqttOptions options, Post post) {
  if (!options.broker.starts_with("mqtt://") && !options.broker.starts_with("mqtts://")) {
    return input_error("bad_broker",
                       "a broker is written as mqtt://127.0.0.1:1883 or "
                       "mqtts://broker.example:8883");
  }
  try {
    auto state = std::make_shared<Impl>(std::move(options), std::move(post));
    state->begin();
    return std::unique_ptr<MqttPublisher>(new MqttPublisher(std::move(state)));
  } catch (const std::exception& error) {
    return input_error("bad_broker", std::string("the broker cannot be used: ") + error.what());
  }
}

MqttPublisher::MqttPublisher(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
MqttPublisher::~MqttPublisher() { impl_->end(); }
void MqttPublisher::connect(Done done) { impl_->connect(std::move(done)); }
std::string MqttPublisher::trouble() const { return impl_->trouble(); }
void MqttPublisher::publish(const std::string& topic, const std::string& text, Done done) {
  impl_->publish(topic, text, std::move(done));
}
void MqttPublisher::leave(std::function<void()> gone) { impl_->leave(std::move(gone)); }

}  // namespace maitred
