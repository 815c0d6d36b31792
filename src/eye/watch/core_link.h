// The connection to the core, reopened when it breaks. Private to this module.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>

#include "maitred/link/eye_sender.h"
#include "maitred/types/sighting.h"

namespace maitred {

// Thread-safe; each function names the thread that may call it.
class CoreLink {
 public:
  CoreLink(std::filesystem::path socket, EyeHello hello);

  // Tries once to connect, for at most `patience`. True if connected. Main thread.
  bool connect(Milliseconds patience);
  // Sends, and waits for a new connection if the core has gone, so that nothing is lost while the
  // core restarts. False after give_up(). Analysis thread.
  bool deliver(const EyeMessage& message);
  // Sends if that is possible at once. Main thread.
  void offer(const EyeMessage& message);
  // Makes deliver() return. Main thread.
  void give_up();

 private:
  const std::filesystem::path socket_;
  const EyeHello hello_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Used under mutex_. Only the main thread sets and resets it, so the main thread may shut it down
  // while another thread is blocked in it.
  std::optional<EyeSender> sender_;
  bool broken_ = true;     // guarded by mutex_
  bool given_up_ = false;  // guarded by mutex_
  std::string logged_;     // main thread: the last error logged
};

}  // namespace maitred
