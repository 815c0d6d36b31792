// The socket on which staff are awaited. Internal to wire.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "maitred/base/result.h"
#include "maitred/doors/staff/staff_server.h"

namespace maitred::staff {

// The socket that was passed in, or a new one. Errors: bad_address, tls_required (kInput: without
// TLS only loopback), port_in_use, address_unusable (kEnvironment).
Result<boost::asio::ip::tcp::acceptor> staff_acceptor(boost::asio::io_context& io,
                                                      const StaffServerOptions& options);

}  // namespace maitred::staff
