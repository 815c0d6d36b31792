#include "maitred/base/net/session_server.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "maitred/base/log.h"

namespace maitred {
namespace {

using boost::system::error_code;

constexpr Milliseconds kAcceptPause{200};
// Sessions beyond the limit that refuse their client or are about to end. More than these are not
// even told why.
constexpr std::size_t kEndingSessions = 64;

int descriptor_of(const ListeningSocket& socket) {
  if (const auto* tcp = std::get_if<UniqueFd>(&socket)) return tcp->get();
  return std::get<UnixListener>(socket).fd();
}

bool is_exhaustion(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

}  // namespace

void Session::leave() {
  const auto server = server_.lock();
  server_.reset();
  if (!server) return;
  boost::asio::post(server->io_, [server, id = id_] { server->forget(id); });
}

std::shared_ptr<SessionServer> SessionServer::create(boost::asio::io_context& io,
                                                     SessionServerOptions options) {
  return std::shared_ptr<SessionServer>(new SessionServer(io, std::move(options)));
}

SessionServer::SessionServer(boost::asio::io_context& io, SessionServerOptions options)
    : io_(io), options_(std::move(options)), acceptor_(io), pause_(io), tick_(io), patience_(io) {}

void SessionServer::listen(ListeningSocket socket, Make make) {
  listening_ = std::move(socket);
  make_ = std::move(make);
  const int fd = descriptor_of(*listening_);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  acceptor_.assign(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  wait_for_client();
  if (options_.check_every > Milliseconds{0}) check_times();
}

void SessionServer::wait_for_client() {
  acceptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [self = shared_from_this()](const error_code& error) {
                         if (!error && self->listening_) self->accept();
                       });
}

// One client for each turn of the loop, so that a flood of them does not hold up the sessions.
void SessionServer::accept() {
  UniqueFd socket(
      ::accept4(descriptor_of(*listening_), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const int error_number = errno;
  if (!socket && is_exhaustion(error_number)) return pause(error_number);
  if (socket) {
    admit([&](bool full) { return make_(std::move(socket), full); });
  }
  if (listening_) wait_for_client();
}

void SessionServer::pause(int error_number) {
  journal().error("cannot take another {}: {}; raise the limit of open files", options_.client,
                  std::generic_category().message(error_number));
  pause_.expires_after(kAcceptPause);
  pause_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->listening_) self->wait_for_client();
  });
}

void SessionServer::admit(const std::function<std::shared_ptr<Session>(bool full)>& make) {
  const bool overrun = sessions_.size() >= options_.sessions + kEndingSessions;
  const bool full = overrun || (open_sessions() >= options_.sessions && !make_room());
  try {
    std::shared_ptr<Session> session = make(full);
    if (!session) return;
    if (overrun) return session->close();
    adopt(++last_id_, std::move(session));
  } catch (const boost::system::system_error& error) {
    journal().error("cannot take another {}: {}", options_.client, error.what());
  }
}

void SessionServer::adopt(SessionId id, std::shared_ptr<Session> session) {
  session->id_ = id;
  session->server_ = weak_from_this();
  sessions_[id] = session;
  session->start();
}

void SessionServer::replace(SessionId id, std::shared_ptr<Session> with) {
  const auto old = sessions_.find(id);
  if (old == sessions_.end()) return with->close();
  old->second->server_.reset();
  adopt(id, with);
  if (draining_) with->finish();
}

void SessionServer::close(SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  const std::shared_ptr<Session> session = found->second;
  session->close();
}

std::size_t SessionServer::open_sessions() const {
  return static_cast<std::size_t>(
      std::count_if(sessions_.begin(), sessions_.end(),
                    [](const auto& entry) { return entry.second->is_open(); }));
}

// The session that has been idle longest goes.
bool SessionServer::make_room() {
  std::shared_ptr<Session> longest;
  std::optional<Timestamp> since;
  for (const auto& [id, session] : sessions_) {
    if (!session->is_open()) continue;
    const auto idle = session->idle_since();
    if (!idle || (since && *idle >= *since)) continue;
    longest = session;
    since = idle;
  }
  if (!longest || std::chrono::steady_clock::now() - *since < options_.grace) return false;
  longest->close();
  return true;
}

void SessionServer::check_times() {
  tick_.expires_after(options_.check_every);
  tick_.async_wait([self = shared_from_this()](const error_code& error) {
    // A tick that was due already is not cancelled any more.
    if (error || self->stopped_) return;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& [id, session] : self->sessions_) session->check_time(now);
    self->check_times();
  });
}

void SessionServer::forget(SessionId id) {
  if (sessions_.erase(id) == 0) return;
  if (on_closed_ && !abandoned_) on_closed_(id);
  report_drained();
}

void SessionServer::stop_accepting() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  listening_.reset();
}

void SessionServer::drain(Milliseconds patience, std::function<void()> done) {
  drained_ = std::move(done);
  draining_ = true;
  stop_accepting();
  for (const auto& [id, session] : sessions_) session->finish();
  patience_.expires_after(patience);
  patience_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error) return;
    for (const auto& [id, session] : self->sessions_) session->close();
  });
  boost::asio::post(io_, [self = shared_from_this()] { self->report_drained(); });
}

void SessionServer::report_drained() {
  if (abandoned_ || !drained_ || !sessions_.empty()) return;
  stop_timers();
  std::exchange(drained_, nullptr)();
}

void SessionServer::abandon() {
  abandoned_ = true;
  stop_accepting();
  stop_timers();
  for (const auto& [id, session] : sessions_) session->close();
  sessions_.clear();
}

void SessionServer::stop_timers() {
  stopped_ = true;
  tick_.cancel();
  patience_.cancel();
}

}  // namespace maitred
