#include "maitred/doors/control/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>

#include "maitred/base/log.h"
#include "session.h"

namespace maitred {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr Milliseconds kAcceptPause{200};  // when the process has no descriptor left
constexpr Milliseconds kSlowestTick{1000};
constexpr Milliseconds kFastestTick{5};

bool may_ask(const PeerCredentials& peer, uid_t own, std::optional<gid_t> admin_group) {
  if (peer.uid == 0 || peer.uid == own) return true;
  if (!admin_group) return false;
  return peer.gid == *admin_group ||
         std::find(peer.groups.begin(), peer.groups.end(), *admin_group) != peer.groups.end();
}

}  // namespace

class ControlServer::State : public ControlSession::Owner,
                             public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& io, UnixListener socket, ControlServerOptions options,
        ControlHandler handler)
      : io_(io),
        listening_(std::move(socket)),
        acceptor_(io, ::fcntl(listening_->fd(), F_DUPFD_CLOEXEC, 0)),
        accept_pause_(io),
        tick_(io),
        patience_(io),
        options_(std::move(options)),
        handler_(std::move(handler)) {}

  void start() {
    wait_for_client();
    tick();
  }

  std::size_t connections() const { return sessions_.size(); }

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

  // The handler is not called after this. It is kept: it may be running.
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

  void on_request(const nlohmann::json& request, const PeerCredentials& peer,
                  ControlReply reply) override {
    if (abandoned_) return;
    try {
      handler_(request, peer, reply);
    } catch (const nlohmann::json::exception& error) {
      journal().warn("control request \"{}\" has arguments it should not have (json error {})",
                     request["verb"].get_ref<const std::string&>(), error.id);
      reply.finish(input_error("bad_request", "an argument is missing or of the wrong type"));
    }
  }

 private:
  void wait_for_client() {
    acceptor_.async_wait(asio::posix::descriptor_base::wait_read,
                         [self = shared_from_this()](const error_code& error) {
                           if (!error && self->listening_) self->accept();
                         });
  }

  void accept() {
    const int fd = ::accept4(listening_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) admit(UniqueFd(fd));
    const bool exhausted =
        fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
    if (!exhausted) return wait_for_client();
    journal().error("cannot take a control connection: raise the limit of open files");
    accept_pause_.expires_after(kAcceptPause);
    accept_pause_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->listening_) self->wait_for_client();
    });
  }

  void admit(UniqueFd fd) {
    auto peer = peer_credentials(fd.get());
    if (!peer || !may_ask(*peer, own_uid_, options_.admin_group)) {
      journal().warn("refused a connection to {}: user {} is neither ours nor in the admin group",
                     options_.socket.string(), peer ? static_cast<long>(peer->uid) : -1L);
      return;
    }
    if (sessions_.size() >= options_.max_connections) {
      journal().warn("refused a control connection: {} are open already", sessions_.size());
      return;
    }
    const std::uint64_t id = ++last_id_;
    try {
      const auto session = std::make_shared<ControlSession>(
          io_, fd.get(), std::move(*peer), id, weak_from_this(),
          ControlSession::Times{options_.line_time, options_.idle_time});
      fd.release();
      sessions_.emplace(id, session);
      session->start();
    } catch (const boost::system::system_error& error) {
      journal().error("cannot take a control connection: {}", error.what());
    }
  }

  void tick() {
    const auto shortest = std::min(options_.line_time, options_.idle_time) / 4;
    tick_.expires_after(std::clamp(shortest, kFastestTick, kSlowestTick));
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
    listening_.reset();
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

  asio::io_context& io_;
  std::optional<UnixListener> listening_;
  asio::posix::stream_descriptor acceptor_;
  asio::steady_timer accept_pause_;
  asio::steady_timer tick_;
  asio::steady_timer patience_;
  const ControlServerOptions options_;
  const uid_t own_uid_ = ::geteuid();
  const ControlHandler handler_;

  std::map<std::uint64_t, std::shared_ptr<ControlSession>> sessions_;
  std::uint64_t last_id_ = 0;
  std::function<void()> drained_;
  bool abandoned_ = false;
  bool stopped_ = false;
};

Result<std::unique_ptr<ControlServer>> ControlServer::open(asio::io_context& io,
                                                           ControlServerOptions options,
                                                           ControlHandler handler) {
  MAITRED_ASSIGN(UnixListener socket,
                 UnixListener::open(options.socket, SOCK_STREAM, options.mode));
  if (options.admin_group &&
      ::chown(options.socket.c_str(), static_cast<uid_t>(-1), *options.admin_group) != 0) {
    journal().warn("cannot give {} to the admin group {}: only our own user and root can connect",
                   options.socket.string(), *options.admin_group);
  }
  try {
    auto state =
        std::make_shared<State>(io, std::move(socket), std::move(options), std::move(handler));
    state->start();
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(state)));
  } catch (const boost::system::system_error& error) {
    return environment_error("socket_path_unusable",
                             fmt::format("cannot listen for maitredctl: {}", error.what()));
  }
}

ControlServer::ControlServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
ControlServer::~ControlServer() { state_->abandon(); }
void ControlServer::drain(Milliseconds patience, std::function<void()> done) {
  state_->drain(patience, std::move(done));
}
std::size_t ControlServer::connections() const { return state_->connections(); }

}  // namespace maitred
