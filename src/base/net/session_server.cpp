#include "maitred/base/net/session_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
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
// Sessions beyond the limit that refuse their client or are about to end. If there are more, the
// oldest of them are closed at once. Twice as many are the end: a newcomer is not even told why.
constexpr std::size_t kEndingSessions = 64;

int descriptor_of(const ListeningSocket& socket) {
  if (const auto* tcp = std::get_if<UniqueFd>(&socket)) return tcp->get();
  return std::get<UnixListener>(socket).fd();
}

// Empty for a Unix socket.
std::string origin_of_peer(const UniqueFd& socket) {
  boost::asio::ip::tcp::endpoint remote;
  auto size = static_cast<socklen_t>(remote.capacity());
  if (::getpeername(socket.get(), remote.data(), &size) != 0) return "";
  const auto family = remote.data()->sa_family;
  if (family != AF_INET && family != AF_INET6) return "";
  remote.resize(size);
  return origin_of(remote.address().to_string());
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
    const std::string origin = origin_of_peer(socket);
    admit([&](bool full) { return make_(std::move(socket), full); }, origin);
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

void SessionServer::admit(const std::function<std::shared_ptr<Session>(bool full)>& make,
                          const std::string& origin) {
  if (sessions_.size() >= options_.sessions + kEndingSessions) end_the_ending();
  const bool overrun = sessions_.size() >= options_.sessions + 2 * kEndingSessions;
  const bool full = overrun || !make_room(origin);
  try {
    std::shared_ptr<Session> session = make(full);
    if (!session) return;
    if (overrun) return session->close();
    adopt(++last_id_, std::move(session), origin);
  } catch (const boost::system::system_error& error) {
    journal().error("cannot take another {}: {}", options_.client, error.what());
  }
}

void SessionServer::adopt(SessionId id, std::shared_ptr<Session> session, std::string origin) {
  session->id_ = id;
  session->origin_ = std::move(origin);
  session->server_ = weak_from_this();
  sessions_[id] = session;
  session->start();
}

void SessionServer::replace(SessionId id, std::shared_ptr<Session> with) {
  const auto old = sessions_.find(id);
  if (old == sessions_.end()) return with->close();
  old->second->server_.reset();
  adopt(id, with, old->second->origin_);
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

// True if there is a place, or if a session was closed to make one.
bool SessionServer::make_room(const std::string& origin) {
  std::vector<Place> places;
  places.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    if (session->is_open()) places.push_back({id, session->origin_, session->claim()});
  }
  const PlaceLimits limits{options_.sessions, options_.of_origin, options_.grace};
  const Admission admission =
      admit_newcomer(places, limits, origin, std::chrono::steady_clock::now());
  if (admission.evicted) close(*admission.evicted);
  return !admission.full;
}

// A closed session is forgotten a moment later, so this closes a few more than it must.
void SessionServer::end_the_ending() {
  std::vector<std::shared_ptr<Session>> ending;
  for (const auto& [id, session] : sessions_) {
    if (!session->is_open()) ending.push_back(session);
  }
  ending.resize(ending.size() - std::min(ending.size(), kEndingSessions / 2));
  for (const auto& session : ending) session->close();
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
