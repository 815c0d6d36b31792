// A program's side of systemd: readiness, watchdog, and sockets that were opened for it. Without
// systemd nothing is sent and nothing is passed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/base/time.h"

namespace maitred {

// Tells the service manager about this process. Thread-compatible; cheap to copy.
class ServiceNotifier {
 public:
  // Tells nobody.
  ServiceNotifier() = default;
  // Tells the manager that started this process, if one did. libsystemd reads $NOTIFY_SOCKET,
  // $WATCHDOG_USEC and $WATCHDOG_PID.
  static ServiceNotifier of_this_process();

  // Sends "READY=1", "STATUS=..." and the like. Never fails visibly. Source: sd_notify(3).
  void send(std::string_view message) const;
  // How long the watchdog waits for "WATCHDOG=1"; nothing if there is no watchdog.
  std::optional<Milliseconds> watchdog() const { return watchdog_; }

 private:
  bool on_ = false;
  std::optional<Milliseconds> watchdog_;
};

// A listening TCP socket that systemd passed, and where it listens.
struct PassedListener {
  UniqueFd fd;
  std::string address;  // in numbers
  std::uint16_t port = 0;
};

// Takes the passed descriptors that are listening TCP sockets, and leaves others alone. Call it
// once, before any other file is opened. Source: sd_listen_fds(3).
std::vector<PassedListener> take_passed_listeners();

// Takes the one that listens on `address` and `port` out of `listeners`.
UniqueFd take_listener(std::vector<PassedListener>& listeners, std::string_view address,
                       std::uint16_t port);

}  // namespace maitred
