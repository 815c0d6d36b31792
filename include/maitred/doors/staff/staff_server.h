// Sends alerts to staff over TCP and receives their answers. src/doors/staff/PROTOCOL.md describes
// the protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/net/peer_user.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/doors/staff/staff_pipe.h"
#include "maitred/shop/desk/staff_desk.h"
#include "maitred/types/visit.h"

namespace boost::asio {
class io_context;
}

namespace maitred {

struct StaffLimits {
  std::size_t clients = 2048;
  std::size_t unsent_bytes = 64 * 1024;
  Milliseconds stalled = std::chrono::seconds(5);    // without progress while data waits
  Milliseconds handshake = std::chrono::seconds(5);  // of TLS
  Milliseconds auth = std::chrono::seconds(3);       // until the token, where one is needed
  Milliseconds idle = std::chrono::seconds(30);      // between lines, until the client has resumed
  Milliseconds lingering = std::chrono::seconds(1);  // for a refused client to read its error
};

struct StaffServerOptions {
  std::string listen =
      "127.0.0.1:7433";    // address in numbers or "localhost"; "[::1]:7433"; port 0: any
  int passed_socket = -1;  // listens already, as systemd's does; used instead of opening one
  std::string server = "maitred";  // name and version for the hello
  std::string store{};             // the store's uuid for the hello
  StaffLimits limits{};
  // Whether this user of the machine may connect while no token exists.
  std::function<bool(uid_t user)> may_connect = is_own_user;
  // PEM files: a certificate with its chain, and its key. Clients must use TLS 1.3 then. Both
  // empty: no TLS, and loopback only.
  std::string tls_cert{};
  std::string tls_key{};
};

// Each client gets `hello`; then, where tokens exist, must send `auth` (wrong: error and closed);
// then `resume` once, which starts delivery: the open alerts, in seq order, then live events.
// Before `resume` a client gets answers to its own requests and nothing else. Garbage (not JSON,
// too long, too deep, unknown type, bad field) gets one `error` line and a closed connection; a
// well-formed request that cannot be done gets an `error` line.
//
// No client delays another: nothing waits for a client, requests are read one at a time round
// robin, and a client that does not read is cut off (it can resume from its last seq). What
// `resume` itself queues does not count as unsent. Lines are made once and shared by all clients.
//
// A new alert goes to the terminals of its audience; at its first escalation to all but managers;
// at the second to managers too. If no terminal of its audience is connected it goes to all at
// once. A terminal gets no update of an alert that it has not got.
//
// Each wrong token from an address within a minute makes the next answer slower. If all places are
// taken, the server closes the client that has been connected longest without a token or `resume`.
//
// Without TLS it listens on loopback only. Bound to the io_context's thread; the io_context and
// the desk must outlive it.
class StaffServer {
 public:
  // Errors: bad_address, tls_required, tls_unusable (kInput); port_in_use, address_unusable
  // (kEnvironment).
  static Result<std::unique_ptr<StaffServer>> open(boost::asio::io_context& io, StaffDesk& desk,
                                                   StaffServerOptions options);
  ~StaffServer();  // closes all connections at once
  StaffServer(const StaffServer&) = delete;
  StaffServer& operator=(const StaffServer&) = delete;

  std::uint16_t port() const;
  std::size_t clients() const;          // connected
  std::size_t clients_resumed() const;  // those of them that get alerts

  // Reads certificate and key. Calling the returned function makes new clients get them; connected
  // clients stay. Error: tls_unusable (kInput); nothing has changed then.
  Result<std::function<void()>> renew_tls(const std::string& cert, const std::string& key);

  // Takes a client that came another way and whose terminal is known. It gets `hello` and is then
  // like any other.
  void admit(std::unique_ptr<StaffPipe> pipe, StaffTerminal terminal);

  // Sends a new alert or a change of one. Requires that it is durable and its seq is above all
  // published before. Not for what claim and close of the desk return: the server publishes that
  // itself.
  void publish(const Alert& alert);

  // Sends the `claimed` line to everyone, for a claim made elsewhere (the board, maitredctl).
  // Publish the changed alert after it.
  void announce_claim(const VisitId& visit, std::string_view by);

  // Ends the connections of a terminal whose token was revoked.
  void drop_terminal(std::string_view name);

  // Takes no more clients and requests, sends each client what is queued for it, closes it, and
  // calls `done` (once, from the io_context) when all are gone or `patience` is over.
  void drain(Milliseconds patience, std::function<void()> done);

 private:
  class Impl;
  explicit StaffServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
