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

#include "maitred/base/clean_environment.h"
#include "maitred/base/file.h"
#include "maitred/base/time.h"
#include "maitred/link/photo_line.h"

namespace maitred {
namespace {

constexpr std::size_t kPhotoLimitBytes = std::size_t{16} << 20;
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

}  // namespace

struct PhotoProber::Process {
  pid_t pid = 0;
  UniqueFd input, output;
  int photos = 0;
  std::string received;

  ~Process() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  // True if it ends by itself within half a second, without a signal.
  bool left() {
    for (int i = 0; i < 100; ++i) {
      int status = 0;
      if (::waitpid(pid, &status, WNOHANG) == pid) {
        pid = 0;
        return WIFEXITED(status);
      }
      ::usleep(5000);
    }
    return false;
  }
};

namespace {

// Number of photos for one process: what a photo may have done to it does not last.
constexpr int kPhotosOfAProcess = 64;

Result<pid_t> start_eye(const Pipe& to_eye, const Pipe& from_eye,
                        const std::filesystem::path& settings_file, PhotoPurpose purpose,
                        const std::string& engine) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_eye.read_end.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from_eye.write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  const std::string beside = (program_folder() / "maitred-eye").string();
  const std::string program = std::filesystem::exists(beside) ? beside : "/usr/bin/maitred-eye";
  std::vector<std::string> words = {
      program,    "-c",        settings_file.string(),
      "--photos", "--purpose", purpose == PhotoPurpose::kEnrol ? "enrol" : "probe"};
  if (!engine.empty()) words.insert(words.end(), {"--engine", engine});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  CleanEnvironment clean(environ);
  const int error =
      posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), clean.get());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return environment_error("photo_failed",
                             fmt::format("cannot start {}: {}", program, std::strerror(error)));
  }
  return pid;
}

std::vector<std::uint8_t> with_size(const std::vector<std::uint8_t>& photo) {
  std::vector<std::uint8_t> message;
  message.reserve(photo.size() + 4);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    message.push_back(static_cast<std::uint8_t>(photo.size() >> shift));
  }
  message.insert(message.end(), photo.begin(), photo.end());
  return message;
}

// How the exchange of one photo for one line ended.
enum class Ending { kLine, kEnd, kTooLong };

// Writes the photo and reads the line, each as soon as the pipe allows.
Ending converse(int input, int output, const std::vector<std::uint8_t>& message,
                std::string& received) {
  const Timestamp deadline = std::chrono::steady_clock::now() + kPatience;
  std::size_t written = 0;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Ending::kTooLong;
    std::array<pollfd, 2> events = {{{output, POLLIN, 0}, {input, POLLOUT, 0}}};
    const nfds_t count = written < message.size() ? 2 : 1;
    if (::poll(events.data(), count, static_cast<int>(left.count())) < 0 && errno != EINTR) {
      return Ending::kEnd;
    }
    if (count == 2 && events[1].revents != 0) {
      const ssize_t step = ::write(input, message.data() + written, message.size() - written);
      if (step > 0) written += static_cast<std::size_t>(step);
      if (step < 0 && errno != EAGAIN && errno != EINTR) written = message.size();
    }
    if (events[0].revents == 0) continue;
    std::array<char, 16384> block{};
    const ssize_t got = ::read(output, block.data(), block.size());
    if (got == 0 || (got < 0 && errno != EINTR)) return Ending::kEnd;
    if (got > 0) received.append(block.data(), static_cast<std::size_t>(got));
    if (received.find('\n') != std::string::npos) return Ending::kLine;
    if (received.size() > kPhotoLineLimit_bytes) return Ending::kEnd;
  }
}

}  // namespace

PhotoProber::PhotoProber(std::filesystem::path settings_file, PhotoPurpose purpose,
                         std::string engine)
    : settings_file_(std::move(settings_file)), purpose_(purpose), engine_(std::move(engine)) {}
PhotoProber::~PhotoProber() = default;

Result<nlohmann::json> PhotoProber::probe(const std::filesystem::path& photo) {
  MAITRED_ASSIGN(const std::vector<std::uint8_t> bytes, read_file(photo, kPhotoLimitBytes));
  return probe(bytes, photo.string());
}

Result<nlohmann::json> PhotoProber::probe(const std::vector<std::uint8_t>& photo,
                                          const std::string& name) {
  const bool fresh = !process_ || process_->photos >= kPhotosOfAProcess;
  auto report = probe_once(photo, name);
  // The process may have reached its limits with earlier photos: try once more with a new one.
  if (!report && report.error().code == "photo_refused" && !fresh) return probe_once(photo, name);
  return report;
}

Result<nlohmann::json> PhotoProber::probe_once(const std::vector<std::uint8_t>& bytes,
                                               const std::string& name) {
  if (!process_ || process_->photos >= kPhotosOfAProcess) {
    MAITRED_ASSIGN(Pipe to_eye, make_pipe());
    MAITRED_ASSIGN(Pipe from_eye, make_pipe());
    process_ = std::make_unique<Process>();
    MAITRED_ASSIGN(process_->pid, start_eye(to_eye, from_eye, settings_file_, purpose_, engine_));
    process_->input = std::move(to_eye.write_end);
    process_->output = std::move(from_eye.read_end);
    ::fcntl(process_->input.get(), F_SETFL, O_NONBLOCK);
  }
  ++process_->photos;
  std::string& received = process_->received;
  const Ending ending =
      converse(process_->input.get(), process_->output.get(), with_size(bytes), received);
  if (ending != Ending::kLine) {
    const bool left = ending == Ending::kEnd && process_->left();
    process_.reset();
    if (left) {
      return environment_error("photo_failed",
                               "maitred-eye ended without a report; try "
                               "maitred-eye --photo by hand");
    }
    return input_error("photo_refused",
                       fmt::format("{}: the photo could not be read: maitred-eye {}", name,
                                   ending == Ending::kTooLong ? "took too long" : "died of it"));
  }
  const std::string line = received.substr(0, received.find('\n'));
  received.erase(0, line.size() + 1);
  auto answer = read_photo_answer(line, name);
  // After a fault of its own the process has ended, or is not to be trusted.
  if (!answer && answer.error().fault == Fault::kEnvironment) process_.reset();
  return answer;
}

Result<nlohmann::json> read_photo_answer(std::string_view line, const std::string& name) {
  auto report = read_photo_line(line);
  if (report || report.error().fault != Fault::kInput) return report;
  Error error = report.error();
  error.message = fmt::format("{}: {}", name, error.message);
  return tl::unexpected(std::move(error));
}

}  // namespace maitred
