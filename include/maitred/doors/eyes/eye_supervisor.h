// Starts the eyes and keeps them running, for `maitred --spawn-eyes`. Under systemd each eye is a
// service instead.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/backoff.h"
#include "maitred/base/time.h"

namespace maitred {

struct EyeSupervisorOptions {
  std::filesystem::path program{};   // maitred-eye
  std::filesystem::path settings{};  // its configuration file
  std::vector<std::string> cameras{};
  Milliseconds silence = std::chrono::seconds{6};         // without a message: killed
  Milliseconds first_silence = std::chrono::seconds{40};  // the same before its hello
  Milliseconds check_every{500};                          // how often silence is checked
  Milliseconds first_pause{250};                          // before a restart; doubles each time
  Milliseconds longest_pause{8000};
  Milliseconds stop_patience{2000};  // between SIGTERM and SIGKILL
};

// Runs one process for each camera. Starts a dead or silent eye again after a pause of 0.25 to 8 s
// (at most 2 s if it had said hello). An eye that exits with status 0 is done: its file has ended.
// Bound to the io_context's thread.
class EyeSupervisor {
 public:
  EyeSupervisor(boost::asio::io_context& io, EyeSupervisorOptions options);
  ~EyeSupervisor();  // kills what still runs
  EyeSupervisor(const EyeSupervisor&) = delete;
  EyeSupervisor& operator=(const EyeSupervisor&) = delete;

  void start();
  // Starts the eyes of new cameras, ends those of removed cameras, and restarts those of changed
  // ones.
  void reconfigure(const std::vector<std::string>& cameras, const std::set<std::string>& changed);
  // The eye of this camera has sent a message.
  void message_received(std::string_view camera);
  // The eye of this camera has sent its hello. `pid` is the process that sent it: the hello of a
  // killed process may be read late.
  void hello_received(std::string_view camera, pid_t pid);
  // True if `pid` is the newest process that was started for this camera. It may have ended: what
  // it said last is still to be read.
  bool started(std::string_view camera, pid_t pid) const;
  // Ends the eye of this camera until `resume`, or for at most `longest`. False for an unknown
  // camera.
  bool pause(std::string_view camera, Milliseconds longest);
  void resume(std::string_view camera);
  // True if no process of this camera runs, so that another program can open the camera.
  bool is_gone(std::string_view camera) const;
  // Sends SIGTERM, then SIGKILL after stop_patience. Calls `done` when no eye is left.
  void stop(std::function<void()> done);
  // How often an eye was started again.
  std::uint64_t restarts() const { return restarts_; }

 private:
  struct Child {
    Child(boost::asio::io_context& io, Backoff pauses) : backoff(pauses), timer(io) {}
    pid_t pid = 0;
    pid_t newest = 0;  // the newest pid, also after its end
    Backoff backoff;
    Timestamp started{};
    Timestamp last_message{};
    bool said_hello = false;
    bool done = false;
    bool paused = false;              // until resume
    bool restart = false;             // is ending; to be started again at once
    bool removed = false;             // its camera is gone
    boost::asio::steady_timer timer;  // of the restart, or of the pause's end
  };

  void launch(const std::string& camera, Child& child);
  void add(const std::string& camera);
  void wait_for_exits();
  void on_exit(pid_t pid, int status);
  void schedule_restart(const std::string& camera, Child& child);
  void watch_silence();
  void finish_if_empty();

  boost::asio::io_context& io_;
  const EyeSupervisorOptions options_;
  boost::asio::signal_set child_signals_;
  boost::asio::steady_timer silence_timer_;
  boost::asio::steady_timer kill_timer_;
  std::map<std::string, Child, std::less<>> children_;
  std::function<void()> on_stopped_;
  bool stopping_ = false;
  std::uint64_t restarts_ = 0;
};

}  // namespace maitred
