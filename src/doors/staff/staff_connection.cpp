#include "staff_connection.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "maitred/base/net/host_port.h"
#include "maitred/doors/staff/staff_codec.h"

namespace maitred::staff {
namespace {

tl::unexpected<Error> unreachable(const std::string& server, std::string_view why) {
  return environment_error(
      "daemon_unreachable",
      fmt::format("no connection to {}: {}; is maitred running there?", server, why));
}

std::string text_of(int error_number) { return std::generic_category().message(error_number); }

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

Result<std::unique_ptr<StaffConnection>> StaffConnection::begin(const std::string& server,
                                                                Milliseconds timeout,
                                                                const ServerTrust& tls) {
  MAITRED_ASSIGN(const HostPort parts, split_host_port(server));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int code =
      ::getaddrinfo(parts.host.c_str(), std::to_string(parts.port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, FreeAddresses> list(raw);
  if (code != 0) return unreachable(server, ::gai_strerror(code));
  auto connection = std::make_unique<StaffConnection>();
  connection->server_ = server;
  connection->host_ = parts.host;
  connection->tls_options_ = tls;
  connection->deadline_ = std::chrono::steady_clock::now() + timeout;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    const auto* bytes = reinterpret_cast<const char*>(one->ai_addr);
    connection->addresses_.push_back({{bytes, bytes + one->ai_addrlen}, one->ai_family});
  }
  std::reverse(connection->addresses_.begin(), connection->addresses_.end());
  MAITRED_TRY(connection->connect_next());
  return connection;
}

Status StaffConnection::connect_next() {
  int error_number = EADDRNOTAVAIL;
  while (!addresses_.empty()) {
    const Address address = std::move(addresses_.back());
    addresses_.pop_back();
    fd_ = UniqueFd(::socket(address.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_) return unreachable(server_, text_of(errno));
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int result = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(address.bytes.data()),
                                 static_cast<socklen_t>(address.bytes.size()));
    if (result == 0 || errno == EINPROGRESS) {
      connecting_ = true;
      return {};
    }
    error_number = errno;
  }
  return unreachable(server_, text_of(error_number));
}

Status StaffConnection::finish_connecting() {
  pollfd poll{fd_.get(), POLLOUT, 0};
  if (::poll(&poll, 1, 0) <= 0) return {};
  int error_number = 0;
  socklen_t size = sizeof error_number;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  connecting_ = false;
  if (error_number == 0) return begin_tls();
  return addresses_.empty() ? unreachable(server_, text_of(error_number)) : connect_next();
}

Status StaffConnection::begin_tls() {
  if (!tls_options_.on) return {};
  MAITRED_ASSIGN(tls_, TlsClient::begin(fd_.get(), host_, tls_options_));
  handshaking_ = true;
  return {};
}

Status StaffConnection::move_bytes() {
  if (connecting_) MAITRED_TRY(finish_connecting());
  if (connecting_) return {};
  if (handshaking_) {
    MAITRED_ASSIGN(const bool done, tls_->handshake());
    if (!done) return {};
    handshaking_ = false;
  }
  Status written = write_all();
  MAITRED_TRY(read_all());  // first what it said before it closed
  return written;
}

Status StaffConnection::read_all() {
  std::array<char, 16384> block{};
  while (input_.size() <= 2 * kStaffLineLimitBytes) {
    if (tls_) {
      const TlsClient::Moved moved = tls_->read(block.data(), block.size());
      if (moved.outcome == TlsClient::Outcome::kWouldBlock) return {};
      if (moved.outcome == TlsClient::Outcome::kEnded) {
        return unreachable(server_, "it closed the connection");
      }
      input_.append(block.data(), moved.bytes);
      continue;
    }
    const ssize_t got = ::recv(fd_.get(), block.data(), block.size(), 0);
    if (got > 0) {
      input_.append(block.data(), static_cast<std::size_t>(got));
      continue;
    }
    if (got == 0) return unreachable(server_, "it closed the connection");
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return {};
    return unreachable(server_, text_of(errno));
  }
  if (input_.find('\n') == std::string::npos) return unreachable(server_, "its line is too long");
  return {};
}

Status StaffConnection::write_all() {
  while (!output_.empty()) {
    if (tls_) {
      const TlsClient::Moved moved = tls_->write(output_.data(), output_.size());
      if (moved.outcome == TlsClient::Outcome::kWouldBlock) return {};
      if (moved.outcome == TlsClient::Outcome::kEnded) {
        return unreachable(server_, "it closed the connection");
      }
      output_.erase(0, moved.bytes);
      continue;
    }
    const ssize_t sent = ::send(fd_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      output_.erase(0, static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return {};
    return unreachable(server_, text_of(errno));
  }
  return {};
}

std::optional<std::string> StaffConnection::next_line() {
  const std::size_t end = input_.find('\n');
  if (end == std::string::npos) return {};
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return line;
}

void StaffConnection::queue(const std::string& line) { output_ += line + '\n'; }

Waited wait_for(const StaffConnection* connection, int also_fd, Timestamp until) {
  std::array<pollfd, 2> polls{pollfd{-1, POLLIN, 0}, pollfd{also_fd, POLLIN, 0}};
  if (connection != nullptr) {
    polls[0].fd = connection->fd();
    if (connection->wants_to_write()) polls[0].events |= POLLOUT;
  }
  if (connection != nullptr && connection->pending()) until = Timestamp{};
  const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
  constexpr Milliseconds kLongest = std::chrono::hours(1);
  const int wait_ms = static_cast<int>(std::clamp(left, Milliseconds{0}, kLongest).count());
  const int ready = ::poll(polls.data(), polls.size(), wait_ms);
  Waited waited;
  waited.interrupted = ready < 0;
  waited.also_readable = ready > 0 && polls[1].revents != 0;
  return waited;
}

}  // namespace maitred::staff
