#include "photo_probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/base/time.h"

extern char** environ;

namespace maitred {
namespace {

constexpr std::size_t kPhotoLimitBytes = std::size_t{16} << 20;
constexpr std::size_t kReportLimitBytes = std::size_t{1} << 20;
constexpr Milliseconds kPatience{40'000};

struct Pipe {
  UniqueFd read_end, write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return environment_error("photo_failed",
                             fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

struct EyeProcess {
  pid_t pid = 0;
  UniqueFd input, output;

  ~EyeProcess() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
};

Status start(EyeProcess& process, const std::filesystem::path& settings_file,
             PhotoPurpose purpose) {
  MAITRED_ASSIGN(Pipe to_eye, make_pipe());
  MAITRED_ASSIGN(Pipe from_eye, make_pipe());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_eye.read_end.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from_eye.write_end.get(), STDOUT_FILENO);
  const std::string beside = (program_folder() / "maitred-eye").string();
  const std::string program = std::filesystem::exists(beside) ? beside : "/usr/bin/maitred-eye";
  std::vector<std::string> words = {
      program,   "-c",        settings_file.string(),
      "--photo", "--purpose", purpose == PhotoPurpose::kEnrol ? "enrol" : "probe"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int error =
      posix_spawn(&process.pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    process.pid = 0;
    return environment_error("photo_failed",
                             fmt::format("cannot start {}: {}", program, std::strerror(error)));
  }
  process.input = std::move(to_eye.write_end);
  process.output = std::move(from_eye.read_end);
  ::fcntl(process.input.get(), F_SETFL, O_NONBLOCK);
  return {};
}

// Feeds the photo and collects the report, whichever way is free.
Result<std::string> converse(EyeProcess& process, const std::vector<std::uint8_t>& photo) {
  const Timestamp deadline = std::chrono::steady_clock::now() + kPatience;
  std::string report;
  std::size_t written = 0;
  for (;;) {
    if (written == photo.size()) process.input.reset();
    const auto left =
        std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return environment_error("photo_failed", "maitred-eye took too long with the photo");
    }
    std::array<pollfd, 2> events = {
        {{process.output.get(), POLLIN, 0}, {process.input.get(), POLLOUT, 0}}};
    const nfds_t count = process.input ? 2 : 1;
    if (::poll(events.data(), count, static_cast<int>(left.count())) < 0 && errno != EINTR) break;
    if (count == 2 && events[1].revents != 0) {
      const ssize_t step =
          ::write(process.input.get(), photo.data() + written, photo.size() - written);
      if (step > 0) written += static_cast<std::size_t>(step);
      if (step < 0 && errno != EAGAIN && errno != EINTR) written = photo.size();
    }
    if (events[0].revents != 0) {
      std::array<char, 16384> block{};
      const ssize_t got = ::read(process.output.get(), block.data(), block.size());
      if (got == 0) return report;
      if (got > 0) report.append(block.data(), static_cast<std::size_t>(got));
      if (got < 0 && errno != EINTR) break;
      if (report.size() > kReportLimitBytes) break;
    }
  }
  return environment_error("photo_failed", "maitred-eye does not answer as it should");
}

}  // namespace

Result<nlohmann::json> probe_photo(const std::filesystem::path& settings_file,
                                   const std::filesystem::path& photo, PhotoPurpose purpose) {
  MAITRED_ASSIGN(const std::vector<std::uint8_t> bytes, read_file(photo, kPhotoLimitBytes));
  EyeProcess process;
  MAITRED_TRY(start(process, settings_file, purpose));
  MAITRED_ASSIGN(const std::string report, converse(process, bytes));
  int status = 0;
  ::waitpid(std::exchange(process.pid, 0), &status, 0);
  auto object = parse_json(report, JsonLimits{kReportLimitBytes, 8});
  if (!object || !object->is_object()) {
    return environment_error(
        "photo_failed", fmt::format("{}: maitred-eye {} while it read the photo", photo.string(),
                                    WIFSIGNALED(status) ? "was killed" : "gave no report"));
  }
  if (object->contains("error")) {
    const auto& error = (*object)["error"];
    const bool input = WIFEXITED(status) && WEXITSTATUS(status) == 2;
    return tl::unexpected(
        Error{input ? Fault::kInput : Fault::kEnvironment, error.value("code", "photo_failed"),
              input ? fmt::format("{}: {}", photo.string(), error.value("message", "refused"))
                    : error.value("message", "maitred-eye failed")});
  }
  return std::move(*object);
}

}  // namespace maitred
