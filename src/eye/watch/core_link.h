// The connection to the core, kept alive. Private to this module.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>

#include "maitred/link/eye_sender.h"
#include "maitred/types/sighting.h"

namespace maitred {

// The main thread connects and gives up; the analysis thread delivers. Thread-safe as said.
class CoreLink {
 public:
  CoreLink(std::filesystem::path socket, EyeHello hello);

  // One try, at most `patience` long; at once true while the connection stands. Main thread.
  bool connect(Milliseconds patience);
  // Sends, and waits for a new connection when the core has gone: nothing is lost while the core
  // restarts. False after give_up(). Analysis thread.
  bool deliver(const EyeMessage& message);
  // Sends if that can be done now. Main thread.
  void offer(const EyeMessage& message);
  // Ends deliver(), whatever it waits for. Main thread.
  void give_up();

 private:
  const std::filesystem::path socket_;
  const EyeHello hello_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Used under mutex_; set and reset by the main thread alone, which may therefore shut it down
  // while another thread is blocked in it.
  std::optional<EyeSender> sender_;
  bool broken_ = true;     // guarded by mutex_
  bool given_up_ = false;  // guarded by mutex_
  std::string told_;       // main thread: the last error logged
};

}  // namespace maitred
