// The core's end of the link to its eyes: a Unix SOCK_SEQPACKET socket, one message a datagram, one
// way.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/sighting.h"

namespace boost::asio {
class io_context;
}

namespace maitred {

// One connection of an eye; never used twice.
using EyeSession = std::uint64_t;

struct EyeListenerOptions {
  std::filesystem::path socket{};
  unsigned mode = 0660;
  std::vector<uid_t> allowed_uids{};  // besides our own and root
  std::size_t max_eyes = 64;
  // Messages of one eye a second, and at once. More wait in its socket, and then in the eye.
  double messages_per_second = 500;
  double burst = 1000;
};

// Called on the io_context's thread, in order: connected, then the EyeHello as first message, then
// the others, then closed (once, whoever ended it; not after ~EyeListener). They may call
// disconnect and destroy the EyeListener.
struct EyeHandlers {
  std::function<void(EyeSession, pid_t)> on_connected;
  std::function<void(EyeSession, EyeMessage)> on_message;
  std::function<void(EyeSession)> on_closed;
};

// Refuses connections of other users. Closes and logs a connection that sends a message that does
// not decode, no EyeHello first, a second EyeHello, or a template of another engine or length than
// its EyeHello announced. Reads an eye that sends too much only as fast as the options allow. Reads
// the next message of an eye after on_message has returned. Bound to the io_context's thread; the
// io_context must outlive it.
class EyeListener {
 public:
  // Errors: socket_in_use, socket_path_unusable (kEnvironment).
  static Result<std::unique_ptr<EyeListener>> open(boost::asio::io_context& io,
                                                   EyeListenerOptions options,
                                                   EyeHandlers handlers);
  ~EyeListener();
  EyeListener(const EyeListener&) = delete;
  EyeListener& operator=(const EyeListener&) = delete;

  // Closes that connection; on_closed follows, from the io_context. Unknown sessions are ignored.
  void disconnect(EyeSession session);

  // Takes no new eyes and removes the socket file. Connected eyes stay: their last messages still
  // come.
  void stop_accepting();

  std::size_t eyes() const;

 private:
  class Impl;
  explicit EyeListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
