#include "maitred/base/service.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <array>

namespace maitred {
namespace {

// Where a listening TCP socket listens; an empty address for any other descriptor.
PassedListener describe(int fd) {
  PassedListener listener;
  if (::sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) return listener;
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

ServiceNotifier ServiceNotifier::of_this_process() {
  ServiceNotifier notifier;
  notifier.on_ = true;
  std::uint64_t microseconds = 0;
  const bool watched = ::sd_watchdog_enabled(0, &microseconds) > 0;
  if (watched && microseconds >= 1000) {
    notifier.watchdog_ = std::chrono::floor<Milliseconds>(
        std::chrono::duration<std::uint64_t, std::micro>(microseconds));
  }
  return notifier;
}

void ServiceNotifier::send(std::string_view message) const {
  if (on_) ::sd_notify(0, std::string(message).c_str());
}

std::vector<PassedListener> take_passed_listeners() {
  std::vector<PassedListener> listeners;
  const int count = ::sd_listen_fds(0);
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
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
