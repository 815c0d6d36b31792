#include "maitred/doors/staff/staff_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <unordered_map>

#include "maitred/base/auth_failures.h"
#include "maitred/base/log.h"
#include "maitred/base/net/host_port.h"
#include "maitred/base/net/peer_user.h"
#include "maitred/base/net/session_server.h"
#include "maitred/base/net/tcp_listener.h"
#include "maitred/base/net/tls.h"
#include "maitred/base/stranger_log.h"
#include "staff_routing.h"
#include "staff_session.h"

namespace maitred {

namespace asio = boost::asio;
using staff::make_line;
using staff::SharedLine;
using staff::StaffSession;
using Counts = StaffSession::Counts;

namespace {

constexpr int kFailuresALine = 10;    // wrong tokens from an address for each line of the log
constexpr Milliseconds kGrace{1000};  // before a new client has to make room for another
constexpr Milliseconds kSlowestTick{250};
constexpr Milliseconds kFastestTick{5};

Milliseconds tick_of(const StaffLimits& limits) {
  const auto shortest =
      std::min({limits.stalled, limits.handshake, limits.auth, limits.idle, limits.lingering}) / 4;
  return std::clamp(shortest, kFastestTick, kSlowestTick);
}

Error not_allowed() {
  return {Fault::kInput, "not_allowed",
          "there is no staff token yet, and without one only root and the user of the core may "
          "connect: make one with 'maitredctl staff add NAME', and send it"};
}

Result<UniqueFd> open_listener(const StaffServerOptions& options) {
  MAITRED_ASSIGN(const HostPort listen, split_host_port(options.listen));
  return listen_tcp(
      {"staff", listen.host, listen.port, options.passed_socket, !options.tls_cert.empty()});
}

}  // namespace

class StaffServer::Impl : public StaffSession::Owner, public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, StaffDesk& desk, StaffServerOptions options, TlsContext tls)
      : io_(io),
        desk_(desk),
        options_(std::move(options)),
        tls_(std::move(tls)),
        hello_(make_line(hello_line(options_.server, options_.store, wall_now()))),
        sessions_(SessionServer::create(
            io, {.client = "staff client",
                 .sessions = options_.limits.clients,
                 .of_origin = std::max<std::size_t>(options_.limits.clients / 4, 1),
                 .grace = kGrace,
                 .check_every = tick_of(options_.limits)})) {}

  void start(UniqueFd listener) {
    port_ = listening_port(listener);
    sessions_->listen(std::move(listener), [weak = weak_from_this()](UniqueFd socket, bool full) {
      const auto self = weak.lock();
      return self ? self->session_of(std::move(socket), full) : nullptr;
    });
  }

  std::uint16_t port() const { return port_; }
  void admit(std::unique_ptr<StaffPipe> pipe, StaffTerminal terminal) {
    sessions_->admit([&](bool full) {
      const auto session =
          make_session(staff::pipe_stream(io_.get_executor(), std::move(pipe)), "board", full);
      session->standing().authenticated = true;
      session->standing().terminal = std::move(terminal);
      return session;
    });
  }
  void use_tls(TlsContext tls) { tls_ = std::move(tls); }
  SessionServer& sessions() { return *sessions_; }
  std::size_t clients_resumed() const {
    std::size_t count = 0;
    each([&](StaffSession& session) {
      if (session.is_open() && session.standing().resumed) ++count;
    });
    return count;
  }

  // Sends to every client that listens and that the alert is for, and to `also`, who asked for it.
  void publish(const Alert& alert, StaffSession* also = nullptr) {
    const SharedLine event = make_line(event_line(alert));
    if (alert.state == AlertState::kNew) {
      open_lines_[alert.visit] = {alert.seq, event};
    } else {
      open_lines_.erase(alert.visit);
    }
    const bool is_new = alert.state == AlertState::kNew;
    const bool for_all = nobody_is_meant_by(alert);
    each([&](StaffSession& session) {
      auto& [authenticated, resumed, terminal, hidden, claimed_by] = session.standing();
      if (!resumed && &session != also) return;
      const bool unknown = is_new || hidden.contains(alert.visit);
      if (!unknown || &session == also) {
        session.send(event);
      } else if (is_over(alert.state)) {
        hidden.erase(alert.visit);
      } else if (for_all || staff::is_for(alert, terminal)) {
        hidden.erase(alert.visit);
        session.send(resume_line(alert));
      } else {
        hidden.insert(alert.visit);
      }
    });
  }

  void drop_terminal(std::string_view name) {
    each([&](StaffSession& session) {
      if (!session.is_open() || session.standing().terminal.name != name) return;
      session.refuse({Fault::kInput, "token_revoked", "the token of this terminal was revoked"});
    });
  }

  void announce_claim(const VisitId& visit, std::string_view by, StaffSession* also = nullptr) {
    const SharedLine line = make_line(claimed_line(visit, by, true));
    each([&](StaffSession& session) {
      const auto& standing = session.standing();
      const bool told = standing.resumed && !standing.hidden.contains(visit);
      if (told || &session == also) session.send(line);
    });
  }

  // The desk is not touched after this.
  void abandon() {
    abandoned_ = true;
    sessions_->abandon();
  }

  void on_request(StaffSession& session, StaffRequest request) override {
    if (abandoned_) return;
    const bool is_auth = std::holds_alternative<StaffAuth>(request);
    if (!session.standing().authenticated && !is_auth) {
      return session.refuse({Fault::kInput, "auth_required", "send your token first"});
    }
    std::visit([&](const auto& one) { answer(session, one); }, request);
  }

 private:
  template <class Function>
  void each(Function function) const {
    sessions_->each<StaffSession>(function);
  }

  std::shared_ptr<StaffSession> session_of(UniqueFd socket, bool full) {
    const bool open_to_all = !desk_.tokens_required();
    const bool known = !open_to_all || may_connect(socket);
    auto client = tcp_client(io_, std::move(socket));
    if (!client) return nullptr;
    staff::prepare_socket(client->socket);
    auto stream = tls_ ? tls_stream(std::move(client->socket), tls_)
                       : plain_stream(std::move(client->socket));
    const auto session = make_session(std::move(stream), std::move(client->address), full);
    session->standing().authenticated = open_to_all && known;
    if (!known && !full) session->refuse_after(Milliseconds{0}, not_allowed());
    return session;
  }

  // Without tokens this machine's other users must not get what staff gets.
  bool may_connect(const UniqueFd& socket) const {
    const auto user = user_of_peer(socket.get());
    return user && options_.may_connect(*user);
  }

  std::shared_ptr<StaffSession> make_session(std::unique_ptr<Stream> stream, std::string address,
                                             bool full) {
    const auto session = std::make_shared<StaffSession>(
        StaffSession::Parts{io_, std::move(stream), std::move(address), hello_}, weak_from_this(),
        options_.limits);
    if (full) {
      session->refuse_after(Milliseconds{0},
                            {Fault::kEnvironment, "too_many_clients",
                             fmt::format("{} clients are connected, no more are taken; try later",
                                         options_.limits.clients)});
    }
    return session;
  }

  bool nobody_is_meant_by(const Alert& alert) const {
    bool nobody = true;
    each([&](StaffSession& session) {
      const auto& standing = session.standing();
      if (!session.is_open() || !standing.resumed) return;
      if (staff::is_for(alert, standing.terminal)) nobody = false;
    });
    return nobody;
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
        log_stranger(
            journal(), spdlog::level::warn, "staff wrong tokens",
            fmt::format("{} wrong tokens from {} within a minute", count, session.address()));
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
    const auto result = desk_.claim(claim.visit, claim.by, session.standing().terminal);
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
    const auto closed = desk_.close(close.visit, close.outcome, close.note, by, standing.terminal);
    if (!closed) return send_error(session, closed.error());
    publish(*closed, &session);
  }

  void answer(StaffSession& session, const StaffPing&) { session.send(pong_); }

  asio::io_context& io_;
  StaffDesk& desk_;
  const StaffServerOptions options_;
  TlsContext tls_;
  const SharedLine hello_;
  const SharedLine pong_ = make_line(pong_line());
  const std::shared_ptr<SessionServer> sessions_;
  std::uint16_t port_ = 0;
  // The lines of open alerts as `resume` sends them, with the seq they were made for.
  std::unordered_map<VisitId, std::pair<std::uint64_t, SharedLine>> open_lines_;
  AuthFailures failures_;
  bool abandoned_ = false;
};

Result<std::unique_ptr<StaffServer>> StaffServer::open(asio::io_context& io, StaffDesk& desk,
                                                       StaffServerOptions options) {
  TlsContext tls;
  if (!options.tls_cert.empty()) {
    MAITRED_ASSIGN(tls, server_tls(options.tls_cert, options.tls_key));
  }
  MAITRED_ASSIGN(UniqueFd listener, open_listener(options));
  auto impl = std::make_shared<Impl>(io, desk, std::move(options), std::move(tls));
  impl->start(std::move(listener));
  return std::unique_ptr<StaffServer>(new StaffServer(std::move(impl)));
}

StaffServer::StaffServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
StaffServer::~StaffServer() { impl_->abandon(); }
std::uint16_t StaffServer::port() const { return impl_->port(); }
std::size_t StaffServer::clients() const { return impl_->sessions().open_sessions(); }
std::size_t StaffServer::clients_resumed() const { return impl_->clients_resumed(); }
void StaffServer::admit(std::unique_ptr<StaffPipe> pipe, StaffTerminal terminal) {
  impl_->admit(std::move(pipe), std::move(terminal));
}
Result<std::function<void()>> StaffServer::renew_tls(const std::string& cert,
                                                     const std::string& key) {
  MAITRED_ASSIGN(auto tls, server_tls(cert, key));
  return [impl = impl_, tls = std::move(tls)] { impl->use_tls(tls); };
}
void StaffServer::publish(const Alert& alert) { impl_->publish(alert); }
void StaffServer::announce_claim(const VisitId& visit, std::string_view by) {
  impl_->announce_claim(visit, by);
}
void StaffServer::drop_terminal(std::string_view name) { impl_->drop_terminal(name); }
void StaffServer::drain(Milliseconds patience, std::function<void()> done) {
  impl_->sessions().drain(patience, std::move(done));
}

}  // namespace maitred
