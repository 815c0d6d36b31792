#include "stream_peer.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "maitred/base/file.h"

namespace maitred {
namespace {

struct PeerAddress {
  std::string host;
  std::string port;
  bool rtsp = false;
};

// The address of rtsp://user:password@host:554/path; empty for other schemes.
std::optional<PeerAddress> peer_of(const std::string& source) {
  PeerAddress peer;
  std::size_t from = 0;
  if (source.starts_with("rtsp://")) {
    peer.rtsp = true;
    peer.port = "554";
    from = 7;
  } else if (source.starts_with("http://")) {
    peer.port = "80";
    from = 7;
  } else {
    return std::nullopt;
  }
  std::string place = source.substr(from, source.find_first_of("/?#", from) - from);
  const std::size_t at = place.rfind('@');
  if (at != std::string::npos) place.erase(0, at + 1);
  const std::size_t bracket = place.find(']');
  const std::size_t colon = place.rfind(':');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  if (has_port) peer.port = place.substr(colon + 1);
  peer.host = place.substr(0, has_port ? colon : std::string::npos);
  if (peer.host.size() > 2 && peer.host.front() == '[' && peer.host.back() == ']') {
    peer.host = peer.host.substr(1, peer.host.size() - 2);
  }
  if (peer.host.empty() || peer.port.empty()) return std::nullopt;
  return peer;
}

bool await_event(int fd, short event, Milliseconds patience) {
  pollfd wanted{fd, event, 0};
  return ::poll(&wanted, 1, static_cast<int>(patience.count())) == 1;
}

UniqueFd connect_peer(const PeerAddress& peer, Milliseconds patience) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(peer.host.c_str(), peer.port.c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    UniqueFd fd(::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) continue;
    if (::connect(fd.get(), one->ai_addr, one->ai_addrlen) == 0) return fd;
    if (errno != EINPROGRESS || !await_event(fd.get(), POLLOUT, patience)) continue;
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) return fd;
  }
  return {};
}

// Sends no user and password: only the library may send them.
bool says_something(int fd, const PeerAddress& peer, Milliseconds patience) {
  const bool v6 = peer.host.find(':') != std::string::npos;
  const std::string place = (v6 ? "[" + peer.host + "]" : peer.host) + ":" + peer.port;
  const std::string request = "OPTIONS rtsp://" + place + "/ RTSP/1.0\r\nCSeq: 1\r\n\r\n";
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return false;
  }
  char first = 0;
  return await_event(fd, POLLIN, patience) && ::recv(fd, &first, 1, 0) == 1;
}

}  // namespace

PeerState look_for_peer(const std::string& source, Milliseconds patience) {
  const auto peer = peer_of(source);
  if (!peer) return PeerState::kAnswers;
  const UniqueFd fd = connect_peer(*peer, patience);
  if (!fd) return PeerState::kAbsent;
  if (!peer->rtsp) return PeerState::kAnswers;
  return says_something(fd.get(), *peer, patience) ? PeerState::kAnswers : PeerState::kSilent;
}

}  // namespace maitred
