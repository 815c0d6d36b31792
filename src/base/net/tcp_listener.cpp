#include "maitred/base/net/tcp_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace maitred {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

Result<tcp::endpoint> endpoint_of(const TcpListenOptions& options) {
  error_code error;
  const auto address = boost::asio::ip::make_address(
      options.address == "localhost" ? "127.0.0.1" : options.address, error);
  if (error) {
    return input_error(
        "bad_address",
        fmt::format("[{}] listen: write the address in numbers, as 127.0.0.1", options.section));
  }
  if (!address.is_loopback() && !options.tls) {
    return input_error("tls_required",
                       fmt::format("[{}] listen: other machines can reach {}, which needs TLS: set "
                                   "tls_cert and tls_key, or listen on 127.0.0.1",
                                   options.section, options.address));
  }
  return tcp::endpoint(address, options.port);
}

tl::unexpected<Error> cannot_listen(const TcpListenOptions& options, int error_number) {
  const bool in_use = error_number == EADDRINUSE;
  const bool v6 = options.address.find(':') != std::string::npos;
  return environment_error(in_use ? "port_in_use" : "address_unusable",
                           fmt::format("cannot listen on {}{}{}:{}: {}; change listen under [{}]",
                                       v6 ? "[" : "", options.address, v6 ? "]" : "", options.port,
                                       in_use ? "another program uses it"
                                              : std::generic_category().message(error_number),
                                       options.section));
}

}  // namespace

Result<UniqueFd> listen_tcp(const TcpListenOptions& options) {
  MAITRED_ASSIGN(const tcp::endpoint endpoint, endpoint_of(options));
  if (options.passed_socket >= 0) return UniqueFd(options.passed_socket);
  UniqueFd socket(
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return cannot_listen(options, errno);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    return cannot_listen(options, errno);
  }
  return socket;
}

std::uint16_t listening_port(const UniqueFd& listening) {
  tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(listening.get(), endpoint.data(), &size) != 0) return 0;
  endpoint.resize(size);
  return endpoint.port();
}

std::optional<TcpClient> tcp_client(boost::asio::io_context& io, UniqueFd accepted) {
  tcp::endpoint remote;
  auto size = static_cast<socklen_t>(remote.capacity());
  if (::getpeername(accepted.get(), remote.data(), &size) != 0) return std::nullopt;
  remote.resize(size);
  TcpClient client{tcp::socket(io), remote.address().to_string()};
  client.socket.assign(remote.protocol(), accepted.get());
  accepted.release();
  return client;
}

}  // namespace maitred
