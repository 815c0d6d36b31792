// A connection that has become a WebSocket. Internal to doors/web.
#pragma once

#include <boost/beast/http.hpp>

#include "connection.h"

namespace maitred::web {

std::shared_ptr<Session> socket_connection(
    ByteStream stream, const WebLimits& limits, std::shared_ptr<WebSocketListener> listener,
    boost::beast::http::request<boost::beast::http::string_body> request);

}  // namespace maitred::web
