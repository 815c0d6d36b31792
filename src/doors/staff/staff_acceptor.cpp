#include "staff_acceptor.h"

#include <fmt/format.h>

#include "maitred/base/net/host_port.h"

namespace maitred::staff {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

Result<tcp::endpoint> endpoint_of(const std::string& listen, bool with_tls) {
  MAITRED_ASSIGN(const HostPort parts, split_host_port(listen));
  boost::system::error_code error;
  const auto address =
      asio::ip::make_address(parts.host == "localhost" ? "127.0.0.1" : parts.host, error);
  if (error) {
    return input_error("bad_address", fmt::format("cannot listen on {}: write the address in "
                                                  "numbers, as 127.0.0.1:7433",
                                                  listen));
  }
  if (!address.is_loopback() && !with_tls) {
    return input_error("tls_required",
                       fmt::format("refusing to send customers' data over {} in clear: listen on "
                                   "127.0.0.1, or configure TLS and tokens",
                                   listen));
  }
  return tcp::endpoint(address, parts.port);
}

}  // namespace

Result<tcp::acceptor> staff_acceptor(asio::io_context& io, const StaffServerOptions& options) {
  const std::string& listen = options.listen;
  const int passed_socket = options.passed_socket;
  MAITRED_ASSIGN(const tcp::endpoint endpoint, endpoint_of(listen, !options.tls_cert.empty()));
  try {
    if (passed_socket >= 0) return tcp::acceptor(io, endpoint.protocol(), passed_socket);
    return tcp::acceptor(io, endpoint, true);
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::address_in_use) {
      return environment_error(
          "port_in_use", fmt::format("{} is in use by another program: stop it, or change listen "
                                     "under [staff]",
                                     listen));
    }
    return environment_error("address_unusable",
                             fmt::format("cannot listen on {}: {}; change listen under [staff]",
                                         listen, error.code().message()));
  }
}

}  // namespace maitred::staff
