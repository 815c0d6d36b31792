// The control socket: answers maitredctl. protocol.h says what passes over it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/base/unix_socket.h"
#include "maitred/doors/control/protocol.h"

namespace boost::asio {
class io_context;
}

namespace maitred {

// The answer to one request. Copyable; keep a copy as long as the work takes. Dropping the last
// copy without finish sends an error (no_answer). Bound to the io_context's thread.
class ControlReply {
 public:
  // True while the client waits for it.
  bool wanted() const;
  // Is dropped, not queued, if the client has not read the last one yet.
  void progress(std::uint64_t done, std::uint64_t total) const;
  // Only the first call counts.
  void finish(const Result<nlohmann::json>& answer) const;

 private:
  friend class ControlSession;
  struct Pending;
  explicit ControlReply(std::shared_ptr<Pending> pending) : pending_(std::move(pending)) {}
  std::shared_ptr<Pending> pending_;
};

// `request` is an object with "verb" (string) and "args" (object), borrowed for the call.
using ControlHandler = std::function<void(const nlohmann::json& request,
                                          const PeerCredentials& peer, ControlReply reply)>;

struct ControlServerOptions {
  std::filesystem::path socket{};
  unsigned mode = 0660;
  std::optional<gid_t> admin_group{};  // may ask, besides our own user and root; owns the file
  std::size_t max_connections = 64;
  Milliseconds line_time = std::chrono::seconds(30);  // from a request's first byte to its last,
                                                      // and for a client to take some of an answer
  Milliseconds idle_time = std::chrono::minutes(10);  // between requests
};

// Bound to the io_context's thread; the io_context must outlive it. A line that is not a request
// gets an error (bad_request, kInput). If it is not JSON or has no end, the connection is closed.
class ControlServer {
 public:
  // Errors: socket_in_use, socket_path_unusable (kEnvironment).
  static Result<std::unique_ptr<ControlServer>> open(boost::asio::io_context& io,
                                                     ControlServerOptions options,
                                                     ControlHandler handler);
  ~ControlServer();  // closes everything at once
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Takes no more connections and requests, and sends the answers under way. Calls `done` (once,
  // from the io_context) when all connections are gone or `patience` is over.
  void drain(Milliseconds patience, std::function<void()> done);

  std::size_t connections() const;

 private:
  class Impl;
  explicit ControlServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
