#include "maitred/base/service.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace maitred {
namespace {

constexpr int kFirstPassed = 3;
constexpr int kMostPassed = 16;

std::optional<std::int64_t> number_of(const char* text) {
  if (text == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, number);
  if (error != std::errc{} || rest != end || number < 0) return std::nullopt;
  return number;
}

bool is_tcp_listener(int fd) {
  int type = 0;
  int listening = 0;
  socklen_t size = sizeof(int);
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) return false;
  size = sizeof(int);
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening == 1;
}

// Where it listens; an empty address for what is not TCP.
PassedListener describe(int fd) {
  PassedListener listener;
  sockaddr_storage bytes{};
  socklen_t size = sizeof(bytes);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bytes), &size) != 0) return listener;
  if (bytes.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(bytes);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    listener.port = ntohs(v4.sin_port);
  } else if (bytes.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(bytes);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    listener.port = ntohs(v6.sin6_port);
  }
  listener.address = text.data();
  return listener;
}

}  // namespace

ServiceNotifier::ServiceNotifier(const ServiceSurroundings& surroundings) {
  if (surroundings.notify_socket != nullptr) socket_ = surroundings.notify_socket;
  const auto owner = number_of(surroundings.watchdog_pid);
  if (owner && *owner != ::getpid()) return;
  const auto microseconds = number_of(surroundings.watchdog_usec);
  if (microseconds && *microseconds >= 1000) watchdog_ = Milliseconds{*microseconds / 1000};
}

void ServiceNotifier::send(std::string_view message) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  (void)::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), length);
}

std::vector<PassedListener> take_passed_listeners(const ServiceSurroundings& surroundings) {
  std::vector<PassedListener> listeners;
  const auto count = number_of(surroundings.listen_fds);
  const auto owner = number_of(surroundings.listen_pid);
  if (!count || !owner || *owner != ::getpid()) return listeners;
  const int end = kFirstPassed + static_cast<int>(std::min<std::int64_t>(*count, kMostPassed));
  for (int fd = kFirstPassed; fd < end; ++fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (!is_tcp_listener(fd)) continue;
    PassedListener listener = describe(fd);
    if (listener.address.empty()) continue;
    listener.fd = UniqueFd(fd);
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

UniqueFd take_listener(std::vector<PassedListener>& listeners, std::string_view address,
                       std::uint16_t port) {
  const auto found = std::find_if(listeners.begin(), listeners.end(), [&](const auto& one) {
    return one.address == address && one.port == port;
  });
  if (found == listeners.end()) return {};
  UniqueFd fd = std::move(found->fd);
  listeners.erase(found);
  return fd;
}

}  // namespace maitred
