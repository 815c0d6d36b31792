// A connection that has become a WebSocket. Internal to doors/web.
#pragma once

#include <boost/beast/http.hpp>

#include "connection.h"

namespace maitred::web {

struct UpgradeRequest {
  boost::beast::http::request<boost::beast::http::string_body> request;
  bool known = false;  // the client has proved who it is
};

std::shared_ptr<WebSession> socket_connection(ByteStream stream, const WebLimits& limits,
                                              std::shared_ptr<WebSocketListener> listener,
                                              UpgradeRequest upgrade);

}  // namespace maitred::web
