// TCP sockets that listen, and the clients that connect to them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "maitred/base/file.h"
#include "maitred/base/result.h"

namespace maitred {

struct TcpListenOptions {
  std::string section;     // of the configuration, for messages: "staff"
  std::string address;     // in numbers, or "localhost"
  std::uint16_t port = 0;  // 0: any
  int passed_socket = -1;  // listens already, as systemd's does; used instead of opening one
  bool tls = false;        // clients speak TLS
};

// Opens a listening socket. Without TLS it listens on loopback only. Errors: bad_address,
// tls_required (kInput); port_in_use, address_unusable (kEnvironment).
Result<UniqueFd> listen_tcp(const TcpListenOptions& options);

// The port on which `listening` listens.
std::uint16_t listening_port(const UniqueFd& listening);

struct TcpClient {
  boost::asio::ip::tcp::socket socket;
  std::string address;  // in numbers
};

// Takes over a socket that was accepted. Nothing if the client has gone already.
std::optional<TcpClient> tcp_client(boost::asio::io_context& io, UniqueFd accepted);

}  // namespace maitred
