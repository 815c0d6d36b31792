#include "maitred/doors/control/server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <nlohmann/json.hpp>

#include "maitred/base/log.h"
#include "maitred/base/net/session_server.h"
#include "maitred/base/stranger_log.h"
#include "session.h"

namespace maitred {

namespace asio = boost::asio;

namespace {

constexpr Milliseconds kGrace{1000};  // before a connection that asks nothing makes room
constexpr Milliseconds kSlowestTick{1000};
constexpr Milliseconds kFastestTick{5};

SessionServerOptions session_options(const ControlServerOptions& options) {
  const auto shortest = std::min(options.line_time, options.idle_time) / 4;
  return {.client = "control connection",
          .sessions = options.max_connections,
          .grace = kGrace,
          .check_every = std::clamp(shortest, kFastestTick, kSlowestTick)};
}

bool may_ask(const PeerCredentials& peer, uid_t own, std::optional<gid_t> admin_group) {
  if (peer.uid == 0 || peer.uid == own) return true;
  if (!admin_group) return false;
  return peer.gid == *admin_group ||
         std::find(peer.groups.begin(), peer.groups.end(), *admin_group) != peer.groups.end();
}

}  // namespace

class ControlServer::Impl : public ControlSession::Owner,
                            public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, ControlServerOptions options, ControlHandler handler)
      : io_(io),
        options_(std::move(options)),
        handler_(std::move(handler)),
        sessions_(SessionServer::create(io, session_options(options_))) {}

  void start(UnixListener socket) {
    sessions_->listen(std::move(socket), [weak = weak_from_this()](UniqueFd client, bool full) {
      const auto self = weak.lock();
      return self ? self->session_of(std::move(client), full) : nullptr;
    });
  }

  SessionServer& sessions() { return *sessions_; }

  // The handler is not called after this. It is kept: it may be running.
  void abandon() {
    abandoned_ = true;
    sessions_->abandon();
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
  std::shared_ptr<Session> session_of(UniqueFd socket, bool full) {
    auto peer = peer_credentials(socket.get());
    if (!peer || !may_ask(*peer, own_uid_, options_.admin_group)) {
      log_stranger(
          journal(), spdlog::level::warn, "control refused",
          fmt::format("refused a connection to {}: user {} is neither ours nor in the "
                      "admin group",
                      options_.socket.string(), peer ? static_cast<long>(peer->uid) : -1L));
      return nullptr;
    }
    if (full) {
      journal().warn("refused a control connection: {} are open already",
                     sessions_->open_sessions());
      return nullptr;
    }
    return std::make_shared<ControlSession>(
        io_, std::move(socket), std::move(*peer), weak_from_this(),
        ControlSession::Times{options_.line_time, options_.idle_time});
  }

  asio::io_context& io_;
  const ControlServerOptions options_;
  const uid_t own_uid_ = ::geteuid();
  const ControlHandler handler_;
  const std::shared_ptr<SessionServer> sessions_;
  bool abandoned_ = false;
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
    auto impl = std::make_shared<Impl>(io, std::move(options), std::move(handler));
    impl->start(std::move(socket));
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(impl)));
  } catch (const boost::system::system_error& error) {
    return environment_error("socket_path_unusable",
                             fmt::format("cannot listen for maitredctl: {}", error.what()));
  }
}

ControlServer::ControlServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::~ControlServer() { impl_->abandon(); }
void ControlServer::drain(Milliseconds patience, std::function<void()> done) {
  impl_->sessions().drain(patience, std::move(done));
}
std::size_t ControlServer::connections() const { return impl_->sessions().open_sessions(); }

}  // namespace maitred
