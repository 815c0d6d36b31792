// A client behind a connection that breaks at any byte: it must show each event once.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <limits>
#include <random>

#include "maitred/doors/staff/staff_client.h"
#include "tests/load/staff_load.h"

namespace maitred::load {
namespace {

using Clock = std::chrono::steady_clock;

// Passes bytes on between one client and the server, until it is told to break. One thread, polled.
class BreakingLine {
 public:
  explicit BreakingLine(std::uint16_t server) : server_(server) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~BreakingLine() {
    hang_up();
    ::close(listener_);
  }
  BreakingLine(const BreakingLine&) = delete;
  BreakingLine& operator=(const BreakingLine&) = delete;

  std::uint16_t port() const { return port_; }
  bool connected() const { return client_ >= 0; }

  // Breaks after so many bytes to the client, wherever in a line that is.
  void break_after(std::size_t bytes) { left_ = bytes; }
  int breaks() const { return breaks_; }
  bool armed() const { return left_ != std::numeric_limits<std::size_t>::max(); }

  void move() {
    if (client_ < 0) {
      client_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (client_ < 0) return;
      upstream_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address = loopback(server_);
      ::connect(upstream_, reinterpret_cast<sockaddr*>(&address), sizeof address);
      ::fcntl(upstream_, F_SETFL, O_NONBLOCK);
    }
    std::array<char, 8192> block{};
    ssize_t got = ::recv(client_, block.data(), block.size(), 0);
    if (got == 0) return hang_up();
    if (got > 0 &&
        ::send(upstream_, block.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0) {
      return hang_up();
    }
    got = ::recv(upstream_, block.data(), std::min(block.size(), left_), 0);
    if (got == 0) return hang_up();
    if (got < 0) return;
    const auto size = static_cast<std::size_t>(got);
    // What does not fit is lost with the connection, as on a bad line.
    const bool sent = ::send(client_, block.data(), size, MSG_NOSIGNAL) == got;
    if (armed()) left_ -= size;
    if (left_ > 0 && sent) return;
    ++breaks_;
    left_ = std::numeric_limits<std::size_t>::max();
    hang_up();
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  void hang_up() {
    const linger at_once{1, 0};  // a reset, with what is under way
    for (int* fd : {&client_, &upstream_}) {
      if (*fd < 0) continue;
      ::setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      ::close(*fd);
      *fd = -1;
    }
  }

  const std::uint16_t server_;
  int listener_ = -1, client_ = -1, upstream_ = -1;
  std::uint16_t port_ = 0;
  std::size_t left_ = std::numeric_limits<std::size_t>::max();
  int breaks_ = 0;
};

}  // namespace

int weather_disconnects(const StormOptions& options) {
  boost::asio::io_context io(1);
  WindowDesk desk(2000);
  auto opened = StaffServer::open(
      io, desk, {.listen = "127.0.0.1:0", .server = "maitred load", .store = "load"});
  if (!opened) return 1;
  StaffServer& server = **opened;
  BreakingLine line(server.port());
  std::uint64_t expected = 1;
  std::uint64_t gaps = 0, repeats = 0, shown = 0;
  StaffClient client({.server = fmt::format("127.0.0.1:{}", line.port()),
                      .backoff_first = Milliseconds{1},
                      .backoff_last = Milliseconds{2}},
                     [&](const StaffEvent& event) {
                       const auto* alert = std::get_if<StaffAlertEvent>(&event);
                       if (alert == nullptr) return;
                       const std::uint64_t seq = alert->alert.seq;
                       if (seq < expected || !alert->first) ++repeats;
                       if (seq > expected) ++gaps;
                       expected = std::max(expected, seq + 1);
                       ++shown;
                     });
  std::minstd_rand random(1);
  const auto events = static_cast<std::uint64_t>(options.events);
  const std::uint64_t every = events / static_cast<std::uint64_t>(std::max(1, options.disconnects));
  std::uint64_t raised = 0, next_break = every;
  const auto begin = Clock::now();
  const auto deadline =
      begin + std::chrono::minutes(10) + std::chrono::seconds(options.events / 500);
  while (expected <= events && Clock::now() < deadline) {
    // The client keeps up, so that each break finds something under way.
    if (raised < events && raised < expected + every) {
      server.publish(desk.raise("event"));
      ++raised;
    }
    if (raised >= next_break && line.connected() && !line.armed()) {
      line.break_after(1 + random() % (150 * every));
      next_break += every;
    }
    io.restart();
    io.poll();
    line.move();
    client.poll(Milliseconds{0});
  }
  fmt::print("{} events, {} shown, {} broken connections, {} gaps, {} repeats, {:.1f} s\n", raised,
             shown, line.breaks(), gaps, repeats,
             std::chrono::duration<double>(Clock::now() - begin).count());
  const bool enough = line.breaks() >= options.disconnects / 2;
  return gaps == 0 && repeats == 0 && shown == events && enough ? 0 : 1;
}

}  // namespace maitred::load
