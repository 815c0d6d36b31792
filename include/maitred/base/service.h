// A program's side of systemd: readiness, watchdog, sockets that were opened for it. Everything is
// silent, and nothing is passed, where the program was started by hand.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/base/time.h"

namespace maitred {

// What main reads from the environment; each may be null.
struct ServiceSurroundings {
  const char* notify_socket = nullptr;  // $NOTIFY_SOCKET
  const char* watchdog_usec = nullptr;  // $WATCHDOG_USEC, $WATCHDOG_PID
  const char* watchdog_pid = nullptr;
  const char* listen_fds = nullptr;  // $LISTEN_FDS, $LISTEN_PID
  const char* listen_pid = nullptr;
};

// sd_notify(3) to one address. Thread-compatible; cheap to copy.
class ServiceNotifier {
 public:
  ServiceNotifier() = default;
  explicit ServiceNotifier(const ServiceSurroundings& surroundings);

  // "READY=1", "STATUS=...". Never blocks for long, never fails visibly.
  void send(std::string_view message) const;
  // How often the watchdog must be fed; nothing where there is none.
  std::optional<Milliseconds> watchdog() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<Milliseconds> watchdog_;
};

// A listening TCP socket that systemd passed, and where it listens.
struct PassedListener {
  UniqueFd fd;
  std::string address;  // literal
  std::uint16_t port = 0;
};

// Takes the passed descriptors that are listening TCP sockets; call once, before any other file is
// opened. Others are left alone.
std::vector<PassedListener> take_passed_listeners(const ServiceSurroundings& surroundings);

// The one that listens on `address` and `port`, taken out of `listeners`.
UniqueFd take_listener(std::vector<PassedListener>& listeners, std::string_view address,
                       std::uint16_t port);

}  // namespace maitred
