// One connection of a web client: HTTP, until it becomes a WebSocket. Internal to web.
#pragma once

#include <memory>
#include <string>

#include "byte_stream.h"
#include "maitred/doors/web/server.h"

namespace maitred::web {

// What the server keeps of a connection.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  // What is under way is finished, then the end.
  virtual void finish() = 0;
  virtual void close() = 0;
  // Waits for a request, or the rest of one: it may be closed to make place. `since` orders them.
  virtual bool waiting() const = 0;
  virtual Timestamp since() const = 0;
};

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // Null once the server is gone.
  virtual WebSite* site() = 0;
  virtual const WebLimits& limits() const = 0;
  // Once, from the io_context.
  virtual void on_gone(std::uint64_t id) = 0;
  // The WebSocket that takes the place of connection `id`.
  virtual void replace(std::uint64_t id, std::shared_ptr<Connection> with) = 0;
};

struct Peer {
  std::uint64_t id = 0;
  std::string address;
  bool secure = false;
};

std::shared_ptr<Connection> http_connection(std::unique_ptr<Stream> stream, Peer peer,
                                            std::weak_ptr<ConnectionOwner> owner);

// Whether a Host header may be answered in clear: an address or "localhost".
bool is_plain_host(std::string_view host);

}  // namespace maitred::web
