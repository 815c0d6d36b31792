// One connection of a web client: HTTP, until it becomes a WebSocket. Internal to doors/web.
#pragma once

#include <memory>
#include <string>

#include "byte_stream.h"
#include "maitred/base/net/session_server.h"
#include "maitred/doors/web/server.h"

namespace maitred::web {

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // Null once the server is gone.
  virtual WebSite* site() = 0;
  virtual const WebLimits& limits() const = 0;
  // Puts a WebSocket in the place of this connection.
  virtual void replace(SessionId id, std::shared_ptr<Session> with) = 0;
};

struct Peer {
  std::string address;
  bool secure = false;
};

std::shared_ptr<Session> http_connection(std::unique_ptr<Stream> stream, Peer peer,
                                         std::weak_ptr<ConnectionOwner> owner);

// True if a Host header may be answered without TLS: an address or "localhost".
bool is_plain_host(std::string_view host);

}  // namespace maitred::web
