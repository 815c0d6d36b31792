#include "maitred/doors/eyes/eye_listener.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include "eye_connection.h"
#include "maitred/base/log.h"
#include "maitred/base/net/session_server.h"
#include "maitred/base/unix_socket.h"

namespace maitred {

namespace asio = boost::asio;

namespace {

bool may_connect(const PeerCredentials& peer, const std::vector<uid_t>& allowed) {
  return peer.uid == 0 || peer.uid == ::geteuid() ||
         std::find(allowed.begin(), allowed.end(), peer.uid) != allowed.end();
}

}  // namespace

class EyeListener::Impl : public EyeConnection::Owner, public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, EyeListenerOptions options, EyeHandlers handlers)
      : io_(io),
        options_(std::move(options)),
        handlers_(std::move(handlers)),
        sessions_(SessionServer::create(io, {.client = "eye", .sessions = options_.max_eyes})) {}

  void start(UnixListener socket) {
    sessions_->set_on_closed([weak = weak_from_this()](SessionId id) {
      const auto self = weak.lock();
      if (self && self->handlers_.on_closed) self->handlers_.on_closed(id);
    });
    sessions_->listen(std::move(socket), [weak = weak_from_this()](UniqueFd eye, bool full) {
      const auto self = weak.lock();
      return self ? self->connection_of(std::move(eye), full) : nullptr;
    });
  }

  SessionServer& sessions() { return *sessions_; }

  // The handlers are not called after this. They are kept: one of them may be running.
  void abandon() {
    abandoned_ = true;
    sessions_->abandon();
  }

  // EyeConnection::Owner
  void on_connected(SessionId id, pid_t pid) override {
    if (!abandoned_ && handlers_.on_connected) handlers_.on_connected(id, pid);
  }
  void on_message(SessionId id, EyeMessage message) override {
    if (!abandoned_ && handlers_.on_message) handlers_.on_message(id, std::move(message));
  }

 private:
  std::shared_ptr<Session> connection_of(UniqueFd socket, bool full) {
    const auto peer = peer_credentials(socket.get());
    if (!peer || !may_connect(*peer, options_.allowed_uids)) {
      journal().warn("refused a connection to {}: it comes from user {}, which is not ours",
                     options_.socket.string(), peer ? static_cast<long>(peer->uid) : -1L);
      return nullptr;
    }
    if (full) {
      journal().warn("refused an eye (process {}): {} are connected already", peer->pid,
                     sessions_->open_sessions());
      return nullptr;
    }
    const EyeConnection::Rate rate{options_.messages_per_second, options_.burst};
    return std::make_shared<EyeConnection>(io_, std::move(socket), peer->pid, rate,
                                           weak_from_this());
  }

  asio::io_context& io_;
  const EyeListenerOptions options_;
  const EyeHandlers handlers_;
  const std::shared_ptr<SessionServer> sessions_;
  bool abandoned_ = false;
};

Result<std::unique_ptr<EyeListener>> EyeListener::open(asio::io_context& io,
                                                       EyeListenerOptions options,
                                                       EyeHandlers handlers) {
  MAITRED_ASSIGN(UnixListener socket,
                 UnixListener::open(options.socket, SOCK_SEQPACKET, options.mode));
  try {
    auto impl = std::make_shared<Impl>(io, std::move(options), std::move(handlers));
    impl->start(std::move(socket));
    return std::unique_ptr<EyeListener>(new EyeListener(std::move(impl)));
  } catch (const boost::system::system_error& error) {
    return environment_error("socket_path_unusable",
                             fmt::format("cannot listen for eyes: {}", error.what()));
  }
}

EyeListener::EyeListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
EyeListener::~EyeListener() { impl_->abandon(); }
void EyeListener::disconnect(EyeSession session) { impl_->sessions().close(session); }
void EyeListener::stop_accepting() { impl_->sessions().stop_accepting(); }
std::size_t EyeListener::eyes() const { return impl_->sessions().open_sessions(); }

}  // namespace maitred
