// Starts the eyes and keeps them running: `maitred --spawn-eyes`. Under systemd each eye is a
// service of its own instead.
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
  std::filesystem::path program;   // maitred-eye
  std::filesystem::path settings;  // the configuration file it gets
  std::vector<std::string> cameras;
  Milliseconds silence = std::chrono::seconds{6};         // without a word: killed
  Milliseconds first_silence = std::chrono::seconds{40};  // the same until the first word
};

// One process a camera. A dead or silent eye is started again, with backoff 0.25 to 8 s (2 s where
// it had begun its work); one that reported the end of its file and left with status 0 is done.
// Bound to the io_context's thread.
class EyeSupervisor {
 public:
  EyeSupervisor(boost::asio::io_context& io, EyeSupervisorOptions options);
  ~EyeSupervisor();  // kills what still runs
  EyeSupervisor(const EyeSupervisor&) = delete;
  EyeSupervisor& operator=(const EyeSupervisor&) = delete;

  void start();
  // Starts the eyes of new cameras, ends those of cameras that are gone, and starts those of
  // changed ones anew.
  void reconfigure(const std::vector<std::string>& cameras, const std::set<std::string>& changed);
  // An eye has sent something.
  void heard(std::string_view camera);
  // The first word of an eye, of this process: one that was killed may be read late.
  void greeted(std::string_view camera, pid_t pid);
  // The eye of this camera ends, and is started again at `resume` or after so long. False for an
  // unknown camera.
  bool pause(std::string_view camera, Milliseconds longest);
  void resume(std::string_view camera);
  // Whether the eye of a paused camera has let go of it.
  bool is_gone(std::string_view camera) const;
  // SIGTERM, after 2 s SIGKILL; `done` when none is left.
  void stop(std::function<void()> done);
  // How often eyes were started again.
  std::uint64_t restarts() const { return restarts_; }

 private:
  struct Child {
    explicit Child(boost::asio::io_context& io) : timer(io) {}
    pid_t pid = 0;
    Backoff backoff;
    Timestamp started{};
    Timestamp last_heard{};
    bool spoke = false;
    bool done = false;
    bool paused = false;              // until resume
    bool again = false;               // ended to be started anew
    bool removed = false;             // its camera is gone
    boost::asio::steady_timer timer;  // restart, while it is dead
  };

  void launch(const std::string& camera, Child& child);
  void await_deaths();
  void bury(pid_t pid, int status);
  void schedule(const std::string& camera, Child& child);
  void watch_silence();
  void finish_if_empty();

  boost::asio::io_context& io_;
  const EyeSupervisorOptions options_;
  boost::asio::signal_set deaths_;
  boost::asio::steady_timer silence_timer_;
  boost::asio::steady_timer kill_timer_;
  std::map<std::string, Child, std::less<>> children_;
  std::function<void()> on_stopped_;
  bool stopping_ = false;
  std::uint64_t restarts_ = 0;
};

}  // namespace maitred
