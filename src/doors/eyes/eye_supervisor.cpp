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

#include "maitred/base/log.h"

namespace maitred {
namespace {

constexpr Milliseconds kPatienceAtStop{2000};
constexpr Milliseconds kSilenceCheck{500};
constexpr Milliseconds kHealthyAfter{30000};  // a run this long starts the backoff anew
// After an eye that had read its models: shorter than what a camera that comes back may take.
constexpr Milliseconds kLongestPauseAfterWork{2000};

Timestamp now() { return std::chrono::steady_clock::now(); }

// The pid, or a negative errno. Nothing but standard output and error is inherited.
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
  // A group of its own: Ctrl-C at a terminal reaches the core, which then stops the eyes in order.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, command.front().c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -error;
}

}  // namespace

EyeSupervisor::EyeSupervisor(boost::asio::io_context& io, EyeSupervisorOptions options)
    : io_(io),
      options_(std::move(options)),
      deaths_(io, SIGCHLD),
      silence_timer_(io),
      kill_timer_(io) {
  for (const std::string& camera : options_.cameras) children_.try_emplace(camera, io);
}

EyeSupervisor::~EyeSupervisor() {
  for (auto& [camera, child] : children_) {
    if (child.pid <= 0) continue;
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
  }
}

void EyeSupervisor::start() {
  await_deaths();
  for (auto& [camera, child] : children_) launch(camera, child);
  watch_silence();
}

void EyeSupervisor::launch(const std::string& camera, Child& child) {
  const pid_t pid = spawn({options_.program.string(), "-c", options_.settings.string(),
                           "--parent-pid", std::to_string(::getpid()), camera});
  child.started = child.last_heard = now();
  child.spoke = false;
  if (pid < 0) {
    journal().error("camera {}: cannot start {}: {}; trying again", camera,
                    options_.program.string(), std::strerror(-pid));
    schedule(camera, child);
    return;
  }
  child.pid = pid;
  journal().info("camera {}: eye started, pid {}", camera, pid);
}

void EyeSupervisor::schedule(const std::string& camera, Child& child) {
  const Milliseconds wait =
      std::min(child.backoff.next(), child.spoke ? kLongestPauseAfterWork : Milliseconds::max());
  child.timer.expires_after(wait);
  child.timer.async_wait([this, camera, &child](const boost::system::error_code& error) {
    if (error || stopping_) return;
    ++restarts_;
    launch(camera, child);
  });
}

void EyeSupervisor::await_deaths() {
  deaths_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    std::vector<pid_t> pids;
    for (const auto& [camera, child] : children_) {
      if (child.pid > 0) pids.push_back(child.pid);
    }
    for (const pid_t pid : pids) {
      int status = 0;
      if (::waitpid(pid, &status, WNOHANG) == pid) bury(pid, status);
    }
    if (!stopping_ || on_stopped_) await_deaths();
  });
}

void EyeSupervisor::bury(pid_t pid, int status) {
  for (auto& [camera, child] : children_) {
    if (child.pid != pid) continue;
    child.pid = 0;
    if (child.removed) {
      journal().info("camera {}: eye has ended, its camera is gone", camera);
    } else if (child.paused) {
      journal().info("camera {}: its eye has let go of it for an enrolment", camera);
    } else if (child.again && !stopping_) {
      child.again = false;
      launch(camera, child);
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      child.done = true;
      journal().info("camera {}: eye has ended", camera);
    } else if (!stopping_) {
      if (now() - child.started > kHealthyAfter) child.backoff.reset();
      journal().warn("camera {}: eye died ({} {}); starting it again", camera,
                     WIFSIGNALED(status) ? "signal" : "status",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
      schedule(camera, child);
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
    child.again = !child.removed && changed.contains(camera);
    const bool ends = child.removed || child.again;
    // Before it has spoken an eye does not listen to SIGHUP yet: it has just read the new file.
    if (child.pid > 0 && (ends || child.spoke)) ::kill(child.pid, ends ? SIGTERM : SIGHUP);
  }
  std::erase_if(children_,
                [](const auto& item) { return item.second.removed && item.second.pid <= 0; });
  for (const std::string& camera : cameras) {
    const auto [place, fresh] = children_.try_emplace(camera, io_);
    Child& child = place->second;
    if (!fresh && !(child.again && child.pid <= 0)) continue;
    child.timer.cancel();
    child.again = child.done = false;
    launch(camera, child);
  }
}

void EyeSupervisor::heard(std::string_view camera) {
  const auto found = children_.find(camera);
  if (found == children_.end()) return;
  found->second.last_heard = now();
}

void EyeSupervisor::greeted(std::string_view camera, pid_t pid) {
  heard(camera);
  const auto found = children_.find(camera);
  if (found != children_.end() && found->second.pid == pid) found->second.spoke = true;
}

void EyeSupervisor::watch_silence() {
  silence_timer_.expires_after(kSilenceCheck);
  silence_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    // While the core was at other work, or stood still, it could not have heard anybody.
    const Timestamp::duration late = now() - silence_timer_.expiry();
    if (late > kSilenceCheck) {
      for (auto& [camera, child] : children_) child.last_heard += late;
    }
    for (auto& [camera, child] : children_) {
      const Milliseconds patience = child.spoke ? options_.silence : options_.first_silence;
      if (child.pid <= 0 || now() - child.last_heard < patience) continue;
      if (child.paused) journal().warn("camera {}: its eye does not let go of it", camera);
      journal().warn("camera {}: eye silent for {}, killing it", camera, format_duration(patience));
      child.last_heard = now();
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
    child.again = true;  // at its death
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
  kill_timer_.expires_after(kPatienceAtStop);
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
  deaths_.cancel();
  if (on_stopped_) boost::asio::post(io_, std::exchange(on_stopped_, {}));
}

}  // namespace maitred
