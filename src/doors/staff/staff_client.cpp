#include "maitred/doors/staff/staff_client.h"

#include <algorithm>
#include <random>
#include <unordered_set>

#include "maitred/base/backoff.h"
#include "staff_connection.h"

namespace maitred {

using staff::StaffConnection;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kVisitsRemembered = 10000;

}  // namespace

class StaffClient::Impl {
 public:
  Impl(StaffClientOptions options, Callback on_event)
      : options_(std::move(options)),
        on_event_(std::move(on_event)),
        last_seq_(options_.after),
        backoff_(options_.backoff_first, options_.backoff_last) {}

  bool poll(Milliseconds timeout, int also_fd) {
    const Timestamp deadline = Clock::now() + timeout;
    happened_ = false;
    for (;;) {
      connect_when_due();
      const auto waited =
          staff::wait_for(connection_.get(), also_fd, std::min(deadline, next_timer()));
      if (waited.interrupted) return false;
      if (connection_) serve();
      if (waited.also_readable) return true;
      if (happened_ || Clock::now() >= deadline) return false;
    }
  }

  bool connected() const { return connection_ && said_hello_; }
  std::uint64_t last_seq() const { return last_seq_; }

  Status request(const StaffRequest& request) {
    if (!connected()) {
      return environment_error("not_connected", "not connected to the daemon; try again shortly");
    }
    connection_->queue(request_line(request));
    return {};
  }

  Status ping() {
    MAITRED_TRY(request(StaffPing{}));
    pings_.push_back(Ping::kOfUser);
    return {};
  }

 private:
  enum class Ping { kOwn, kOfUser };

  void connect_when_due() {
    if (connection_ || Clock::now() < retry_at_) return;
    auto connection =
        StaffConnection::begin(options_.server, options_.connect_timeout, options_.tls);
    if (!connection) return disconnect(connection.error());
    connection_ = std::move(*connection);
    last_line_at_ = Clock::now();
    said_hello_ = false;
    pings_.clear();
    last_error_ = {};
  }

  Timestamp next_timer() const {
    if (!connection_) return retry_at_;
    if (!said_hello_) return connection_->deadline();
    return pinged_ ? pinged_at_ + options_.ping_after / 2 : last_line_at_ + options_.ping_after;
  }

  // Reads and writes what can be now.
  void serve() {
    if (const Status moved = connection_->move_bytes(); !moved) {
      // What it said before the end may be the reason.
      if (take_lines()) disconnect(last_error_.code.empty() ? moved.error() : last_error_);
      return;
    }
    if (take_lines()) keep_alive();
  }

  // False if the connection has ended.
  bool take_lines() {
    while (connection_) {
      const auto line = connection_->next_line();
      if (!line) return true;
      last_line_at_ = Clock::now();
      pinged_ = false;
      auto parsed = parse_server_line(*line);
      if (!parsed) {
        disconnect(parsed.error());
      } else if (!said_hello_ && !std::holds_alternative<StaffHello>(*parsed) &&
                 !std::holds_alternative<StaffError>(*parsed)) {
        disconnect(
            {Fault::kEnvironment, "no_hello", "the program that answers there is not maitred"});
      } else {
        if (!std::holds_alternative<StaffError>(*parsed)) last_error_ = {};
        std::visit([this](auto& one) { handle(one); }, *parsed);
      }
    }
    return false;
  }

  void keep_alive() {
    const Timestamp now = Clock::now();
    if (!said_hello_) {
      if (now >= connection_->deadline()) {
        disconnect({Fault::kEnvironment, "connect_timeout", "the daemon does not answer"});
      }
      return;
    }
    // Counted from the ping, not from the last line: this program may have been stopped meanwhile.
    if (pinged_ && now >= pinged_at_ + options_.ping_after / 2) {
      disconnect({Fault::kEnvironment, "silent", "the daemon does not answer any more"});
    } else if (!pinged_ && now >= last_line_at_ + options_.ping_after) {
      own_ping();
    }
  }

  void own_ping() {
    connection_->queue(request_line(StaffPing{}));
    pings_.push_back(Ping::kOwn);
    pinged_ = true;
    pinged_at_ = Clock::now();
  }

  void disconnect(Error why) {
    connection_.reset();
    said_hello_ = false;
    Milliseconds wait = backoff_.next();
    // A random part, so that not all terminals connect at once when a daemon comes back.
    wait += wait * std::uniform_int_distribution<int>(0, 50)(random_) / 100;
    retry_at_ = Clock::now() + wait;
    emit(StaffDisconnected{std::move(why), wait});
  }

  void emit(const StaffEvent& event) {
    happened_ = true;
    on_event_(event);
  }

  void handle(StaffHello& hello) {
    if (hello.protocol != kStaffProtocol) {
      return disconnect(
          {Fault::kEnvironment, "wrong_protocol",
           "the daemon uses another protocol version; install the same version of both"});
    }
    if (!store_.empty() && store_ != hello.store) {
      last_seq_ = 0;
      visits_.clear();
    }
    store_ = hello.store;
    said_hello_ = true;
    if (!options_.token.empty()) connection_->queue(request_line(StaffAuth{options_.token}));
    connection_->queue(request_line(StaffResume{last_seq_}));
    own_ping();  // its answer proves that the token was accepted
    emit(StaffConnected{std::move(hello)});
  }

  bool is_new(const Alert& alert) {
    if (alert.seq <= last_seq_) return false;
    last_seq_ = alert.seq;
    return true;
  }

  void handle(StaffAlert& message) {
    const Alert& alert = message.alert;
    if (!is_new(alert)) return;
    const std::uint64_t seq = alert.seq;
    if (visits_.size() >= kVisitsRemembered) visits_.clear();
    const bool first = visits_.insert(alert.visit).second;
    emit(StaffAlertEvent{std::move(message.alert), first});
    if (options_.acknowledge && connection_) connection_->queue(request_line(StaffAck{seq}));
  }

  void handle(StaffUpdate& message) {
    if (!is_new(message.alert)) return;
    if (is_over(message.alert.state)) visits_.erase(message.alert.visit);
    emit(StaffUpdateEvent{std::move(message.alert)});
  }

  void handle(StaffClaimed& claimed) { emit(claimed); }

  void handle(StaffPong& pong) {
    backoff_.reset();
    const Ping whose = pings_.empty() ? Ping::kOfUser : pings_.front();
    if (!pings_.empty()) pings_.erase(pings_.begin());
    if (whose == Ping::kOfUser) emit(pong);
  }

  void handle(StaffError& error) {
    last_error_ = {Fault::kEnvironment, error.code, error.message};
    emit(error);
  }

  void handle(StaffOther&) {}

  const StaffClientOptions options_;
  const Callback on_event_;
  std::unique_ptr<StaffConnection> connection_;
  bool said_hello_ = false;
  bool pinged_ = false;
  bool happened_ = false;
  std::vector<Ping> pings_;
  Timestamp last_line_at_{};
  Timestamp pinged_at_{};
  Timestamp retry_at_{};
  Error last_error_;
  std::string store_;
  std::uint64_t last_seq_;
  std::unordered_set<VisitId> visits_;
  Backoff backoff_;
  std::minstd_rand random_{std::random_device{}()};
};

StaffClient::StaffClient(StaffClientOptions options, Callback on_event)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(on_event))) {}
StaffClient::~StaffClient() = default;
StaffClient::StaffClient(StaffClient&&) noexcept = default;
StaffClient& StaffClient::operator=(StaffClient&&) noexcept = default;

bool StaffClient::poll(Milliseconds timeout, int also_fd) { return impl_->poll(timeout, also_fd); }
bool StaffClient::connected() const { return impl_->connected(); }
std::uint64_t StaffClient::last_seq() const { return impl_->last_seq(); }
Status StaffClient::claim(const VisitId& visit, const std::string& by) {
  return impl_->request(StaffClaim{visit, by});
}
Status StaffClient::close(const VisitId& visit, Outcome outcome, const std::string& note,
                          const std::string& by) {
  return impl_->request(StaffClose{visit, outcome, note, by});
}
Status StaffClient::ping() { return impl_->ping(); }

}  // namespace maitred
