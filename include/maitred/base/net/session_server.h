// What every server here has in common: it accepts connections, limits how many there are, drains
// and ends them. What a session says to its client is the matter of the protocol.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "maitred/base/file.h"
#include "maitred/base/net/places.h"
#include "maitred/base/time.h"
#include "maitred/base/unix_socket.h"

namespace maitred {

class SessionServer;

// One connection, as its server sees it. Bound to the server's thread.
class Session {
 public:
  Session() = default;
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Called once, after the server has taken the session.
  virtual void start() = 0;
  // Sends what is under way, then closes.
  virtual void finish() = 0;
  // Closes at once.
  virtual void close() = 0;
  // False once the session refuses its client or ends: it takes no place any more.
  virtual bool is_open() const = 0;
  // Tells whether the server may close the session to make room for another.
  virtual Claim claim() const { return {}; }
  // Ends what takes too long. Called every SessionServerOptions::check_every.
  virtual void check_time(Timestamp /*now*/) {}

  SessionId id() const { return id_; }

 protected:
  // Tells the server that the session is closed. It lets the session go later, from the io_context.
  // Only the first call counts.
  void leave();

 private:
  friend class SessionServer;
  std::weak_ptr<SessionServer> server_;
  SessionId id_ = 0;
  std::string origin_;
};

struct SessionServerOptions {
  std::string client;           // what one is called in the log: "staff client"
  std::size_t sessions = 64;    // places
  std::size_t of_origin = 64;   // places that strangers from one remote address may take
  Milliseconds grace{0};        // a session this young is not closed to make room
  Milliseconds check_every{0};  // how often sessions check their time limits; zero: never
};

// A socket that listens, without blocking: TCP, or a Unix socket with its file.
using ListeningSocket = std::variant<UniqueFd, UnixListener>;

// Bound to the io_context's thread; the io_context must outlive it. Keeps itself alive while the
// io_context has work for it, so its owner ends it with abandon or drain.
class SessionServer : public std::enable_shared_from_this<SessionServer> {
 public:
  // Makes the session of a connected socket. `full` if all places are taken: the session may tell
  // its client so, and then ends. Null closes the socket.
  using Make = std::function<std::shared_ptr<Session>(UniqueFd socket, bool full)>;
  using Closed = std::function<void(SessionId)>;

  static std::shared_ptr<SessionServer> create(boost::asio::io_context& io,
                                               SessionServerOptions options);

  // Accepts from now on. Pauses for a moment while the process has no descriptor left. Throws
  // boost::system::system_error if the io_context cannot wait for the socket.
  void listen(ListeningSocket socket, Make make);
  // Called from the io_context when a session has closed and is forgotten.
  void set_on_closed(Closed on_closed) { on_closed_ = std::move(on_closed); }

  // Takes a session that came another way; `make` gets `full` as above.
  void admit(const std::function<std::shared_ptr<Session>(bool full)>& make,
             const std::string& origin = "");
  // Puts another session in the place of `id`, under the same id, as for a change of protocol.
  void replace(SessionId id, std::shared_ptr<Session> with);
  // Closes that session, if it is there.
  void close(SessionId id);

  std::size_t open_sessions() const;
  // Calls `function` with each session. S is the class of all of them.
  template <class S, class Function>
  void each(Function function) const {
    for (const auto& [id, session] : sessions_) function(static_cast<S&>(*session));
  }

  // The file of a Unix socket goes.
  void stop_accepting();
  // Takes no more connections, lets each session finish, and calls `done` (once, from the
  // io_context) when all are gone or `patience` is over.
  void drain(Milliseconds patience, std::function<void()> done);
  // Closes everything at once. No function that was given is called after this.
  void abandon();

 private:
  friend class Session;

  SessionServer(boost::asio::io_context& io, SessionServerOptions options);
  void wait_for_client();
  void accept();
  void pause(int error_number);
  bool make_room(const std::string& origin);
  void end_the_ending();
  void adopt(SessionId id, std::shared_ptr<Session> session, std::string origin);
  void check_times();
  void forget(SessionId id);
  void report_drained();
  void stop_timers();

  boost::asio::io_context& io_;
  const SessionServerOptions options_;
  boost::asio::posix::stream_descriptor acceptor_;  // waits on a copy of the listening socket
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer tick_;
  boost::asio::steady_timer patience_;
  std::optional<ListeningSocket> listening_;
  Make make_;
  Closed on_closed_;

  std::map<SessionId, std::shared_ptr<Session>> sessions_;
  SessionId last_id_ = 0;
  std::function<void()> drained_;
  bool draining_ = false;
  bool stopped_ = false;  // the timers
  bool abandoned_ = false;
};

}  // namespace maitred
