#include "maitred/doors/staff/staff_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <unordered_map>

#include "maitred/base/auth_failures.h"
#include "maitred/base/log.h"
#include "maitred/base/net/tls.h"
#include "staff_acceptor.h"
#include "staff_routing.h"
#include "staff_session.h"

namespace maitred {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using staff::make_line;
using staff::SharedLine;
using staff::StaffSession;
using Counts = StaffSession::Counts;

namespace {

constexpr std::size_t kRefusalsAtOnce = 64;
constexpr int kFailuresALine = 10;         // wrong tokens from an address, a line of the log
constexpr Milliseconds kAcceptPause{200};  // when the process has no descriptor left
constexpr Milliseconds kGrace{1000};  // for a new client, before it has to make way for another
constexpr Milliseconds kSlowestTick{250};
constexpr Milliseconds kFastestTick{5};

Milliseconds tick_of(const StaffLimits& limits) {
  const auto shortest =
      std::min({limits.stalled, limits.handshake, limits.auth, limits.idle, limits.lingering}) / 4;
  return std::clamp(shortest, kFastestTick, kSlowestTick);
}

}  // namespace

class StaffServer::State : public StaffSession::Owner, public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& io, StaffDesk& desk, tcp::acceptor acceptor, StaffServerOptions options,
        TlsContext tls)
      : io_(io),
        desk_(desk),
        acceptor_(std::move(acceptor)),
        port_(acceptor_.local_endpoint().port()),
        accept_pause_(io),
        tick_(io),
        patience_(io),
        options_(std::move(options)),
        tls_(std::move(tls)),
        hello_(make_line(hello_line(options_.server, options_.store))) {}

  void start() {
    accept();
    tick();
  }

  std::uint16_t port() const { return port_; }
  void admit(std::unique_ptr<StaffPipe> pipe, StaffTerminal terminal) {
    admit(staff::pipe_stream(io_.get_executor(), std::move(pipe)), "board", std::move(terminal));
  }
  void use_tls(TlsContext tls) { tls_ = std::move(tls); }
  std::size_t clients() const {
    return count_if([](StaffSession& session) { return session.open(); });
  }
  std::size_t clients_resumed() const {
    return count_if(
        [](StaffSession& session) { return session.open() && session.standing().resumed; });
  }

  // To all that listen and that it is for, and to `also`, who asked for what happened.
  void publish(const Alert& alert, StaffSession* also = nullptr) {
    const SharedLine event = make_line(event_line(alert));
    if (alert.state == AlertState::kNew) {
      open_lines_[alert.visit] = {alert.seq, event};
    } else {
      open_lines_.erase(alert.visit);
    }
    const bool is_new = alert.state == AlertState::kNew;
    const bool for_all = nobody_is_meant_by(alert);
    for (auto& [id, session] : sessions_) {
      auto& [authenticated, resumed, terminal, hidden, claimed_by] = session->standing();
      if (!resumed && session.get() != also) continue;
      const bool unknown = is_new || hidden.contains(alert.visit);
      if (!unknown || session.get() == also) {
        session->send(event);
      } else if (is_over(alert.state)) {
        hidden.erase(alert.visit);
      } else if (for_all || staff::is_for(alert, terminal)) {
        hidden.erase(alert.visit);
        session->send(resume_line(alert));
      } else {
        hidden.insert(alert.visit);
      }
    }
  }

  void drop_terminal(std::string_view name) {
    std::vector<std::shared_ptr<StaffSession>> gone;
    for (auto& [id, session] : sessions_) {
      if (session->open() && session->standing().terminal.name == name) gone.push_back(session);
    }
    for (const auto& session : gone) {
      session->refuse({Fault::kInput, "token_revoked", "the token of this terminal was revoked"});
    }
  }

  void announce_claim(const VisitId& visit, std::string_view by, StaffSession* also = nullptr) {
    const SharedLine line = make_line(claimed_line(visit, by, true));
    for (auto& [id, session] : sessions_) {
      const auto& standing = session->standing();
      const bool told = standing.resumed && !standing.hidden.contains(visit);
      if (told || session.get() == also) session->send(line);
    }
  }

  void drain(Milliseconds patience, std::function<void()> done) {
    drained_ = std::move(done);
    stop_accepting();
    for (auto& [id, session] : sessions_) session->finish();
    patience_.expires_after(patience);
    patience_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error) return;
      for (auto& [id, session] : self->sessions_) session->close();
    });
    asio::post(io_, [self = shared_from_this()] { self->report_drained(); });
  }

  // Nothing of the owner, the desk included, is touched after this.
  void abandon() {
    abandoned_ = true;
    stop_accepting();
    stop_timers();
    for (auto& [id, session] : sessions_) session->close();
    sessions_.clear();
  }

  void on_gone(std::uint64_t id) override {
    sessions_.erase(id);
    report_drained();
  }

  void on_request(StaffSession& session, StaffRequest request) override {
    if (abandoned_) return;
    const bool is_auth = std::holds_alternative<StaffAuth>(request);
    if (!session.standing().authenticated && !is_auth) {
      return session.refuse({Fault::kInput, "auth_required", "send your token first"});
    }
    std::visit([&](const auto& one) { answer(session, one); }, request);
  }

  void admit(std::unique_ptr<Stream> stream, std::string address,
             std::optional<StaffTerminal> terminal) {
    if (sessions_.size() >= options_.limits.clients + kRefusalsAtOnce) return stream->close();
    const bool too_many = clients() >= options_.limits.clients && !make_room();
    const std::uint64_t id = ++last_id_;
    const auto session = std::make_shared<StaffSession>(
        io_, std::move(stream), id, weak_from_this(), options_.limits, std::move(address));
    sessions_.emplace(id, session);
    session->standing().authenticated = terminal || !desk_.tokens_required();
    if (terminal) session->standing().terminal = std::move(*terminal);
    if (too_many) {
      session->refuse_after(Milliseconds{0},
                            {Fault::kEnvironment, "too_many_clients",
                             fmt::format("{} clients are connected, no more are taken; try later",
                                         options_.limits.clients)});
    }
    session->start(hello_);
  }

 private:
  template <class Predicate>
  std::size_t count_if(Predicate predicate) const {
    return static_cast<std::size_t>(
        std::count_if(sessions_.begin(), sessions_.end(),
                      [&](const auto& entry) { return predicate(*entry.second); }));
  }

  void accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](const error_code& error, tcp::socket socket) {
          if (!self->acceptor_.is_open()) return;
          if (!error) self->admit(std::move(socket));
          const bool exhausted = error == asio::error::no_descriptors ||
                                 error == asio::error::no_buffer_space ||
                                 error == boost::system::errc::too_many_files_open_in_system;
          exhausted ? self->accept_later(error) : self->accept();
        });
  }

  void accept_later(const error_code& why) {
    journal().error("cannot take another staff client: {}; raise the limit of open files",
                    why.message());
    accept_pause_.expires_after(kAcceptPause);
    accept_pause_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->acceptor_.is_open()) self->accept();
    });
  }

  void admit(tcp::socket socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;  // it has gone already
    staff::prepare_socket(socket);
    admit(tls_ ? tls_stream(std::move(socket), tls_) : plain_stream(std::move(socket)),
          peer.address().to_string(), std::nullopt);
  }

  // The client that has waited longest makes way; none does within its first second.
  bool make_room() {
    StaffSession* longest = nullptr;
    for (auto& [id, session] : sessions_) {  // in the order they came
      if (!session->waits()) continue;
      longest = session.get();
      break;
    }
    const auto now = std::chrono::steady_clock::now();
    if (longest == nullptr || now - longest->connected_at() < kGrace) return false;
    longest->close();
    return true;
  }

  void tick() {
    tick_.expires_after(tick_of(options_.limits));
    tick_.async_wait([self = shared_from_this()](const error_code& error) {
      // A tick that was due already is not cancelled any more.
      if (error || self->stopped_) return;
      const auto now = std::chrono::steady_clock::now();
      for (auto& [id, session] : self->sessions_) session->check_time(now);
      self->tick();
    });
  }

  void stop_accepting() {
    error_code ignored;
    acceptor_.close(ignored);
    accept_pause_.cancel();
  }

  void stop_timers() {
    stopped_ = true;
    tick_.cancel();
    patience_.cancel();
  }

  void report_drained() {
    if (abandoned_ || !drained_ || !sessions_.empty()) return;
    stop_timers();
    std::exchange(drained_, nullptr)();
  }

  bool nobody_is_meant_by(const Alert& alert) const {
    return std::none_of(sessions_.begin(), sessions_.end(), [&](const auto& entry) {
      const auto& standing = entry.second->standing();
      return entry.second->open() && standing.resumed && staff::is_for(alert, standing.terminal);
    });
  }

  void send_error(StaffSession& session, const Error& error) {
    session.send(make_line(error_line(error)));
  }

  void answer(StaffSession& session, const StaffAuth& auth) {
    auto terminal = desk_.authenticate(auth.token);
    if (terminal) {
      session.standing().terminal = std::move(*terminal);
      session.standing().authenticated = true;
    } else if (desk_.tokens_required()) {
      const auto wait = failures_.note(session.address(), std::chrono::steady_clock::now());
      if (const int count = failures_.count(session.address()); count % kFailuresALine == 0) {
        journal().warn("{} wrong tokens from {} within a minute", count, session.address());
      }
      session.refuse_after(wait, {Fault::kInput, "bad_token", "this token is unknown or revoked"});
    }
  }

  void answer(StaffSession& session, const StaffResume& resume) {
    if (session.standing().resumed) {
      return send_error(session, {Fault::kInput, "already_resumed",
                                  "resume works once on a connection; connect again"});
    }
    auto alerts = desk_.open_alerts(resume.after);
    if (!alerts) return send_error(session, alerts.error());
    std::sort(alerts->begin(), alerts->end(),
              [](const Alert& a, const Alert& b) { return a.seq < b.seq; });
    session.standing().resumed = true;
    for (const Alert& alert : *alerts) {
      if (!is_over(alert.state) && !staff::is_for(alert, session.standing().terminal) &&
          !nobody_is_meant_by(alert)) {
        session.standing().hidden.insert(alert.visit);
      } else {
        session.send(resume_line(alert), Counts::kNo);
      }
    }
  }

  // Open alerts are few and clients resume often: their lines are kept.
  SharedLine resume_line(const Alert& alert) {
    if (is_over(alert.state)) return make_line(update_line(alert));
    auto& [seq, line] = open_lines_[alert.visit];
    if (!line || seq != alert.seq) {
      seq = alert.seq;
      line = make_line(alert_line(alert));
    }
    return line;
  }

  void answer(StaffSession& session, const StaffAck& ack) {
    desk_.ack(ack.seq, session.standing().terminal);
  }

  void answer(StaffSession& session, const StaffClaim& claim) {
    const auto result = desk_.claim(claim.visit, claim.by);
    if (!result) return send_error(session, result.error());
    if (result->won) session.standing().claimed_by = claim.by;
    if (result->won && result->update) {
      announce_claim(claim.visit, result->by, &session);
      publish(*result->update, &session);
    } else {
      session.send(make_line(claimed_line(claim.visit, result->by, result->won)));
    }
  }

  void answer(StaffSession& session, const StaffClose& close) {
    const auto& standing = session.standing();
    const std::string& by = !close.by.empty()              ? close.by
                            : !standing.claimed_by.empty() ? standing.claimed_by
                                                           : standing.terminal.name;
    const auto closed = desk_.close(close.visit, close.outcome, close.note, by);
    if (!closed) return send_error(session, closed.error());
    publish(*closed, &session);
  }

  void answer(StaffSession& session, const StaffPing&) { session.send(pong_); }

  asio::io_context& io_;
  StaffDesk& desk_;
  tcp::acceptor acceptor_;
  const std::uint16_t port_;
  asio::steady_timer accept_pause_;
  asio::steady_timer tick_;
  asio::steady_timer patience_;
  const StaffServerOptions options_;
  TlsContext tls_;
  const SharedLine hello_;
  const SharedLine pong_ = make_line(pong_line());

  std::map<std::uint64_t, std::shared_ptr<StaffSession>> sessions_;
  std::uint64_t last_id_ = 0;
  // Of open alerts, as `resume` sends them, with the seq they were made for.
  std::unordered_map<VisitId, std::pair<std::uint64_t, SharedLine>> open_lines_;
  AuthFailures failures_;
  std::function<void()> drained_;
  bool abandoned_ = false;
  bool stopped_ = false;
};

Result<std::unique_ptr<StaffServer>> StaffServer::open(asio::io_context& io, StaffDesk& desk,
                                                       StaffServerOptions options) {
  TlsContext tls;
  if (!options.tls_cert.empty()) {
    MAITRED_ASSIGN(tls, server_tls(options.tls_cert, options.tls_key));
  }
  MAITRED_ASSIGN(tcp::acceptor acceptor, staff::staff_acceptor(io, options));
  auto state =
      std::make_shared<State>(io, desk, std::move(acceptor), std::move(options), std::move(tls));
  state->start();
  return std::unique_ptr<StaffServer>(new StaffServer(std::move(state)));
}

StaffServer::StaffServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
StaffServer::~StaffServer() { state_->abandon(); }
std::uint16_t StaffServer::port() const { return state_->port(); }
std::size_t StaffServer::clients() const { return state_->clients(); }
std::size_t StaffServer::clients_resumed() const { return state_->clients_resumed(); }
void StaffServer::admit(std::unique_ptr<StaffPipe> pipe, StaffTerminal terminal) {
  state_->admit(std::move(pipe), std::move(terminal));
}
Result<std::function<void()>> StaffServer::renew_tls(const std::string& cert,
                                                     const std::string& key) {
  MAITRED_ASSIGN(auto tls, server_tls(cert, key));
  return [state = state_, tls = std::move(tls)] { state->use_tls(tls); };
}
void StaffServer::publish(const Alert& alert) { state_->publish(alert); }
void StaffServer::announce_claim(const VisitId& visit, std::string_view by) {
  state_->announce_claim(visit, by);
}
void StaffServer::drop_terminal(std::string_view name) { state_->drop_terminal(name); }
void StaffServer::drain(Milliseconds patience, std::function<void()> done) {
  state_->drain(patience, std::move(done));
}

}  // namespace maitred
