#include "maitred/doors/eyes/eye_supervisor.h"

#include <fcntl.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstring>
#include <memory>

#include "maitred/base/clean_environment.h"
#include "maitred/base/log.h"

namespace maitred {
namespace {

constexpr Milliseconds kHealthyAfter{30000};  // a run this long resets the backoff
// The longest pause after an eye that had said hello. A camera that comes back must not wait
// longer.
constexpr Milliseconds kLongestPauseAfterWork{2000};

Timestamp now() { return std::chrono::steady_clock::now(); }

// Starts a process that inherits standard output and error only. Returns its pid, or a negative
// errno.
pid_t spawn(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  // In a process group of its own: Ctrl-C at a terminal reaches only the core, which stops the eyes
  // in order.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  CleanEnvironment clean(environ);
  const int error = posix_spawn(&pid, command.front().c_str(), &actions, &attributes,
                                arguments.data(), clean.get());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -error;
}

}  // namespace

EyeSupervisor::EyeSupervisor(boost::asio::io_context& io, EyeSupervisorOptions options)
    : io_(io),
      options_(std::move(options)),
      child_signals_(io, SIGCHLD),
      silence_timer_(io),
      kill_timer_(io) {
  for (const std::string& camera : options_.cameras) add(camera);
}

EyeSupervisor::~EyeSupervisor() {
  for (auto& [camera, child] : children_) {
    if (child.pid <= 0) continue;
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
  }
}

void EyeSupervisor::add(const std::string& camera) {
  children_.try_emplace(camera, io_, Backoff(options_.first_pause, options_.longest_pause));
}

void EyeSupervisor::start() {
  wait_for_exits();
  for (auto& [camera, child] : children_) launch(camera, child);
  watch_silence();
}

void EyeSupervisor::launch(const std::string& camera, Child& child) {
  const pid_t pid = spawn({options_.program.string(), "-c", options_.settings.string(),
                           "--parent-pid", std::to_string(::getpid()), camera});
  child.started = child.last_message = now();
  child.said_hello = false;
  if (pid < 0) {
    journal().error("camera {}: cannot start {}: {}; trying again", camera,
                    options_.program.string(), std::strerror(-pid));
    schedule_restart(camera, child);
    return;
  }
  child.pid = child.newest = pid;
  journal().info("camera {}: eye started, pid {}", camera, pid);
}

void EyeSupervisor::schedule_restart(const std::string& camera, Child& child) {
  const Milliseconds wait = std::min(
      child.backoff.next(), child.said_hello ? kLongestPauseAfterWork : Milliseconds::max());
  child.timer.expires_after(wait);
  child.timer.async_wait([this, camera, &child](const boost::system::error_code& error) {
    if (error || stopping_) return;
    ++restarts_;
    launch(camera, child);
  });
}

void EyeSupervisor::wait_for_exits() {
  child_signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    std::vector<pid_t> pids;
    for (const auto& [camera, child] : children_) {
      if (child.pid > 0) pids.push_back(child.pid);
    }
    for (const pid_t pid : pids) {
      int status = 0;
      if (::waitpid(pid, &status, WNOHANG) == pid) on_exit(pid, status);
    }
    if (!stopping_ || on_stopped_) wait_for_exits();
  });
}

void EyeSupervisor::on_exit(pid_t pid, int status) {
  for (auto& [camera, child] : children_) {
    if (child.pid != pid) continue;
    child.pid = 0;
    if (child.removed) {
      journal().info("camera {}: eye has ended, its camera is gone", camera);
    } else if (child.paused) {
      journal().info("camera {}: its eye has ended for an enrolment", camera);
    } else if (child.restart && !stopping_) {
      child.restart = false;
      launch(camera, child);
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      child.done = true;
      journal().info("camera {}: eye has ended", camera);
    } else if (!stopping_) {
      if (now() - child.started > kHealthyAfter) child.backoff.reset();
      journal().warn("camera {}: eye died ({} {}); starting it again", camera,
                     WIFSIGNALED(status) ? "signal" : "status",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
      schedule_restart(camera, child);
    }
  }
  std::erase_if(children_,
                [](const auto& item) { return item.second.removed && item.second.pid <= 0; });
  if (stopping_) finish_if_empty();
}

void EyeSupervisor::reconfigure(const std::vector<std::string>& cameras,
                                const std::set<std::string>& changed) {
  for (auto& [camera, child] : children_) {
    child.removed = std::find(cameras.begin(), cameras.end(), camera) == cameras.end();
    child.restart = !child.removed && changed.contains(camera);
    const bool ends = child.removed || child.restart;
    // An eye does not handle SIGHUP before its hello, and has just read the new file.
    if (child.pid > 0 && (ends || child.said_hello)) ::kill(child.pid, ends ? SIGTERM : SIGHUP);
  }
  std::erase_if(children_,
                [](const auto& item) { return item.second.removed && item.second.pid <= 0; });
  for (const std::string& camera : cameras) {
    const bool is_new = !children_.contains(camera);
    if (is_new) add(camera);
    Child& child = children_.at(camera);
    if (!is_new && !(child.restart && child.pid <= 0)) continue;
    child.timer.cancel();
    child.restart = child.done = false;
    launch(camera, child);
  }
}

void EyeSupervisor::message_received(std::string_view camera) {
  const auto found = children_.find(camera);
  if (found == children_.end()) return;
  found->second.last_message = now();
}

void EyeSupervisor::hello_received(std::string_view camera, pid_t pid) {
  message_received(camera);
  const auto found = children_.find(camera);
  if (found != children_.end() && found->second.pid == pid) found->second.said_hello = true;
}

bool EyeSupervisor::started(std::string_view camera, pid_t pid) const {
  const auto found = children_.find(camera);
  return found != children_.end() && pid > 0 && found->second.newest == pid;
}

void EyeSupervisor::watch_silence() {
  silence_timer_.expires_after(options_.check_every);
  silence_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    // While the core was busy or stopped it could not receive messages: that time does not count.
    const Timestamp::duration late = now() - silence_timer_.expiry();
    if (late > options_.check_every) {
      for (auto& [camera, child] : children_) child.last_message += late;
    }
    for (auto& [camera, child] : children_) {
      const Milliseconds patience = child.said_hello ? options_.silence : options_.first_silence;
      if (child.pid <= 0 || now() - child.last_message < patience) continue;
      if (child.paused) journal().warn("camera {}: its eye does not end for an enrolment", camera);
      journal().warn("camera {}: no message from its eye for {}; killing it", camera,
                     format_duration(patience));
      child.last_message = now();
      ::kill(child.pid, SIGKILL);
    }
    watch_silence();
  });
}

bool EyeSupervisor::pause(std::string_view camera, Milliseconds longest) {
  const auto found = children_.find(camera);
  if (found == children_.end() || stopping_) return false;
  Child& child = found->second;
  child.paused = true;
  if (child.pid > 0) ::kill(child.pid, SIGTERM);
  child.timer.expires_after(longest);
  child.timer.async_wait([this, name = found->first](const boost::system::error_code& error) {
    if (!error) resume(name);
  });
  return true;
}

void EyeSupervisor::resume(std::string_view camera) {
  const auto found = children_.find(camera);
  if (found == children_.end() || !found->second.paused || stopping_) return;
  Child& child = found->second;
  child.paused = false;
  child.timer.cancel();
  if (child.pid > 0) {
    child.restart = true;  // when it has exited
  } else if (!child.done) {
    launch(found->first, child);
  }
}

bool EyeSupervisor::is_gone(std::string_view camera) const {
  const auto found = children_.find(camera);
  return found == children_.end() || found->second.pid <= 0;
}

void EyeSupervisor::stop(std::function<void()> done) {
  stopping_ = true;
  on_stopped_ = std::move(done);
  silence_timer_.cancel();
  for (auto& [camera, child] : children_) {
    child.timer.cancel();
    if (child.pid > 0) ::kill(child.pid, SIGTERM);
  }
  kill_timer_.expires_after(options_.stop_patience);
  kill_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    for (auto& [camera, child] : children_) {
      if (child.pid > 0) ::kill(child.pid, SIGKILL);
    }
  });
  finish_if_empty();
}

void EyeSupervisor::finish_if_empty() {
  for (const auto& [camera, child] : children_) {
    if (child.pid > 0) return;
  }
  kill_timer_.cancel();
  child_signals_.cancel();
  if (on_stopped_) boost::asio::post(io_, std::exchange(on_stopped_, {}));
}

}  // namespace maitred
