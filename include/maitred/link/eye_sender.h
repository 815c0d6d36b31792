// The eye's end of the link to the core: a Unix SOCK_SEQPACKET socket, one message a datagram, one
// way.
#pragma once

#include <filesystem>

#include "maitred/base/file.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/types/sighting.h"

namespace maitred {

// Blocking. Bound to one thread, but for shut_down.
class EyeSender {
 public:
  // Waits up to `timeout` for the core to listen. Errors: socket_absent, socket_refused,
  // socket_path_unusable (kEnvironment).
  static Result<EyeSender> connect(const std::filesystem::path& socket, Milliseconds timeout);

  // Blocks while the core is behind: this is the flow control of a source that drops nothing, and
  // of a live one too (its frame slot drops meanwhile). Errors: core_gone, core_stalled (not one
  // message taken in `patience`), both kEnvironment; bad_eye_message (kInput).
  Status send(const EyeMessage& message, Milliseconds patience = std::chrono::seconds(30));

  // Makes a blocked send, and every later one, return core_gone. Thread-safe.
  void shut_down();

 private:
  explicit EyeSender(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace maitred
