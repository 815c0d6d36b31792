// One connection of a web client: HTTP, until it becomes a WebSocket. Internal to doors/web.
#pragma once

#include <memory>
#include <string>

#include "byte_stream.h"
#include "maitred/base/net/session_server.h"
#include "maitred/doors/web/server.h"

namespace maitred::web {

// A session that says whether it is a WebSocket.
class WebSession : public Session {
 public:
  virtual bool is_socket() const = 0;
};

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // Null once the server is gone.
  virtual WebSite* site() = 0;
  virtual const WebLimits& limits() const = 0;
  // False if WebSockets have all the places they may have, and none of them makes room.
  virtual bool has_place_for_socket() = 0;
  // Puts a WebSocket in the place of this connection.
  virtual void replace(SessionId id, std::shared_ptr<WebSession> with) = 0;
};

struct Peer {
  std::string address;
  bool secure = false;
  bool own_user = false;  // as of WebRequest
};

std::shared_ptr<WebSession> http_connection(std::unique_ptr<Stream> stream, Peer peer,
                                            std::weak_ptr<ConnectionOwner> owner);

// True if a Host header may be answered without TLS: an address or "localhost".
bool is_plain_host(std::string_view host);

}  // namespace maitred::web
