// One Eye a connection, kept alive by the handler that waits on its socket.
#include "maitred/doors/eyes/eye_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <map>
#include <optional>

#include "maitred/base/log.h"
#include "maitred/base/unix_socket.h"
#include "maitred/link/eye_codec.h"

namespace maitred {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr Milliseconds kEyeAcceptPause{200};  // when the process has no descriptor left

struct Eye {
  Eye(asio::io_context& io, int fd, pid_t process) : socket(io, fd), pid(process) {}
  asio::posix::stream_descriptor socket;
  pid_t pid;
  std::optional<EyeHello> hello;
};

bool may_connect(const PeerCredentials& peer, const std::vector<uid_t>& allowed) {
  return peer.uid == 0 || peer.uid == ::geteuid() ||
         std::find(allowed.begin(), allowed.end(), peer.uid) != allowed.end();
}

// The order of messages, and sightings that the hello promised.
Status check_place(Eye& eye, const EyeMessage& message) {
  if (const auto* hello = std::get_if<EyeHello>(&message)) {
    if (eye.hello) return input_error("bad_eye_message", "it introduced itself twice");
    eye.hello = *hello;
    return {};
  }
  if (!eye.hello) return input_error("bad_eye_message", "it did not introduce itself first");
  const auto* sighting = std::get_if<Sighting>(&message);
  if (sighting != nullptr && (sighting->probe.engine() != eye.hello->engine ||
                              sighting->probe.values().size() != eye.hello->template_length)) {
    return input_error("bad_eye_message", "a template of another engine than it announced");
  }
  return {};
}

}  // namespace

class EyeListener::State : public std::enable_shared_from_this<EyeListener::State> {
 public:
  State(asio::io_context& io, UnixListener socket, EyeListenerOptions options, EyeHandlers handlers)
      : io_(io),
        listening_(std::move(socket)),
        acceptor_(io, ::fcntl(listening_->fd(), F_DUPFD_CLOEXEC, 0)),
        pause_(io),
        options_(std::move(options)),
        handlers_(std::move(handlers)) {}

  void wait_for_eye() {
    acceptor_.async_wait(asio::posix::descriptor_base::wait_read,
                         [self = shared_from_this()](const error_code& error) {
                           if (!error && self->listening_) self->accept();
                         });
  }

  void stop_accepting() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    listening_.reset();
  }

  void disconnect(EyeSession session) {
    const auto found = eyes_.find(session);
    if (found == eyes_.end()) return;
    eyes_.erase(found);
    asio::post(io_, [self = shared_from_this(), session] { self->tell_closed(session); });
  }

  // After this no handler of the owner is called. They are kept: one of them may be running.
  void abandon() {
    abandoned_ = true;
    stop_accepting();
    eyes_.clear();
  }

  std::size_t eyes() const { return eyes_.size(); }

 private:
  void accept() {
    const int fd = ::accept4(listening_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
      journal().error("cannot take another eye: {}; raise the limit of open files",
                      std::strerror(errno));
      pause_.expires_after(kEyeAcceptPause);
      pause_.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error && self->listening_) self->wait_for_eye();
      });
      return;
    }
    if (fd >= 0) admit(UniqueFd(fd));
    if (listening_) wait_for_eye();
  }

  void admit(UniqueFd fd) {
    const auto peer = peer_credentials(fd.get());
    if (!peer || !may_connect(*peer, options_.allowed_uids)) {
      journal().warn("refused a connection to {}: it comes from user {}, which is not ours",
                     options_.socket.string(), peer ? static_cast<long>(peer->uid) : -1L);
      return;
    }
    if (eyes_.size() >= options_.max_eyes) {
      journal().warn("refused an eye (process {}): {} are connected already", peer->pid,
                     eyes_.size());
      return;
    }
    const EyeSession session = ++last_session_;
    try {
      const auto eye = std::make_shared<Eye>(io_, fd.get(), peer->pid);
      fd.release();
      eyes_.emplace(session, eye);
    } catch (const boost::system::system_error& error) {
      journal().error("cannot take another eye: {}", error.what());
      return;
    }
    if (handlers_.on_connected) handlers_.on_connected(session, peer->pid);
    wait_for_message(session);
  }

  void wait_for_message(EyeSession session) {
    const auto found = eyes_.find(session);
    if (found == eyes_.end()) return;
    found->second->socket.async_wait(asio::posix::descriptor_base::wait_read,
                                     [self = shared_from_this(), session](const error_code& error) {
                                       if (!error) self->receive(session);
                                     });
  }

  // One message for each turn of the loop, so that a fast eye does not starve the others.
  void receive(EyeSession session) {
    const auto found = eyes_.find(session);
    if (found == eyes_.end()) return;
    const std::shared_ptr<Eye> eye = found->second;
    const ssize_t got = ::recv(eye->socket.native_handle(), buffer_.data(), buffer_.size(),
                               MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return wait_for_message(session);
    if (got <= 0) return close(session);
    const std::size_t size = std::min(static_cast<std::size_t>(got), buffer_.size());
    auto message = decode(std::span(buffer_).first(size));
    wipe(std::as_writable_bytes(std::span(buffer_).first(size)));
    if (const Status fit = message ? check_place(*eye, *message) : tl::unexpected(message.error());
        !fit) {
      journal().warn("closing the connection of the eye of {} (process {}): {}",
                     eye->hello ? eye->hello->camera : "a camera", eye->pid, fit.error().message);
      return close(session);
    }
    if (handlers_.on_message) handlers_.on_message(session, std::move(*message));
    wait_for_message(session);
  }

  void close(EyeSession session) {
    eyes_.erase(session);
    tell_closed(session);
  }

  void tell_closed(EyeSession session) {
    if (!abandoned_ && handlers_.on_closed) handlers_.on_closed(session);
  }

  asio::io_context& io_;
  std::optional<UnixListener> listening_;
  asio::posix::stream_descriptor acceptor_;
  asio::steady_timer pause_;
  const EyeListenerOptions options_;
  EyeHandlers handlers_;
  std::map<EyeSession, std::shared_ptr<Eye>> eyes_;
  EyeSession last_session_ = 0;
  bool abandoned_ = false;
  std::array<std::uint8_t, kEyeMessageLimitBytes + 1> buffer_{};
};

Result<std::unique_ptr<EyeListener>> EyeListener::open(asio::io_context& io,
                                                       EyeListenerOptions options,
                                                       EyeHandlers handlers) {
  MAITRED_ASSIGN(UnixListener socket,
                 UnixListener::open(options.socket, SOCK_SEQPACKET, options.mode));
  try {
    auto state =
        std::make_shared<State>(io, std::move(socket), std::move(options), std::move(handlers));
    state->wait_for_eye();
    return std::unique_ptr<EyeListener>(new EyeListener(std::move(state)));
  } catch (const boost::system::system_error& error) {
    return environment_error("socket_path_unusable",
                             fmt::format("cannot listen for eyes: {}", error.what()));
  }
}

EyeListener::EyeListener(std::shared_ptr<State> state) : state_(std::move(state)) {}
EyeListener::~EyeListener() { state_->abandon(); }
void EyeListener::disconnect(EyeSession session) { state_->disconnect(session); }
void EyeListener::stop_accepting() { state_->stop_accepting(); }
std::size_t EyeListener::eyes() const { return state_->eyes(); }

}  // namespace maitred
