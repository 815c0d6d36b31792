#include "eye_report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <optional>
#include <set>
#include <vector>

#include "maitred/base/clean_environment.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/link/photo_line.h"

extern char** environ;

namespace maitred {
namespace {

constexpr std::size_t kTrialLimitBytes = 16384;

// A child that does not outlive this object.
struct Trial {
  pid_t pid = 0;
  UniqueFd output;

  ~Trial() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
};

Status start_trial(Trial& trial, std::vector<std::string> words) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return environment_error("trial_failed", fmt::format("no pipe: {}", std::strerror(errno)));
  }
  trial.output = UniqueFd(ends[0]);
  const UniqueFd write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  CleanEnvironment clean(environ);
  const int error = posix_spawn(&trial.pid, words.front().c_str(), &actions, nullptr,
                                arguments.data(), clean.get());
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return {};
  trial.pid = 0;
  return environment_error("trial_failed",
                           fmt::format("cannot start {}: {}", words.front(), std::strerror(error)));
}

// Returns what it writes until it ends or the time is over.
std::string collect(const Trial& trial, Milliseconds patience) {
  const Timestamp deadline = std::chrono::steady_clock::now() + patience;
  std::string text;
  while (text.size() < kTrialLimitBytes) {
    const auto left =
        std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd event{trial.output.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&event, 1, static_cast<int>(left.count())) == 0) break;
    std::array<char, 4096> block{};
    const ssize_t got = ::read(trial.output.get(), block.data(), block.size());
    if (got == 0 || (got < 0 && errno != EINTR)) break;
    if (got > 0) text.append(block.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

std::filesystem::path eye_program() {
  const auto beside = program_folder() / "maitred-eye";
  std::error_code ignored;
  return std::filesystem::exists(beside, ignored) ? beside : "/usr/bin/maitred-eye";
}

Error eye_error(const nlohmann::json& reported, Error otherwise) {
  if (!reported.is_object()) return otherwise;
  for (const auto& [name, field] :
       {std::pair{"code", &otherwise.code}, std::pair{"message", &otherwise.message}}) {
    const auto found = reported.find(name);
    if (found != reported.end() && found->is_string()) *field = found->get<std::string>();
  }
  return otherwise;
}

Result<nlohmann::json> read_eye_report(std::string_view text, const std::string& none) {
  auto report = parse_json(text, JsonLimits{kTrialLimitBytes, 4});
  if (!report || !report->is_object()) return environment_error("trial_failed", none);
  const auto error = report->find("error");
  if (error == report->end()) return report;
  return tl::unexpected(eye_error(*error, {Fault::kEnvironment, "trial_failed", none}));
}

namespace {

Result<nlohmann::json> one_report(std::vector<std::string> words, Milliseconds patience,
                                  const std::string& none) {
  Trial trial;
  MAITRED_TRY(start_trial(trial, std::move(words)));
  return read_eye_report(collect(trial, patience), none);
}

}  // namespace

Result<nlohmann::json> measure_camera(const std::filesystem::path& settings_file,
                                      const std::string& camera, Milliseconds patience) {
  return one_report({eye_program().string(), "-c", settings_file.string(), "--measure", camera},
                    patience, fmt::format("no picture within {}", format_duration(patience)));
}

Result<nlohmann::json> measure_liveness(const std::filesystem::path& settings_file,
                                        const std::filesystem::path& film, Milliseconds patience) {
  return one_report(
      {eye_program().string(), "-c", settings_file.string(), "--liveness", film.string()}, patience,
      fmt::format("{} cannot be judged", film.string()));
}

namespace {

constexpr std::size_t kEnrolLineLimitBytes = std::size_t{1} << 20;
constexpr Milliseconds kEnrolPatience{40'000};  // for the models and the camera

// Returns the next line of the trial, or nothing at its end or the deadline.
std::optional<std::string> next_trial_line(const Trial& trial, std::string& received,
                                           Timestamp deadline) {
  for (;;) {
    const std::size_t end = received.find('\n');
    if (end != std::string::npos) {
      std::string line = received.substr(0, end);
      received.erase(0, end + 1);
      return line;
    }
    const auto left =
        std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd event{trial.output.get(), POLLIN, 0};
    if (left.count() <= 0 || received.size() > kEnrolLineLimitBytes) return std::nullopt;
    if (::poll(&event, 1, static_cast<int>(left.count())) == 0) return std::nullopt;
    std::array<char, 16384> block{};
    const ssize_t got = ::read(trial.output.get(), block.data(), block.size());
    if (got == 0 || (got < 0 && errno != EINTR)) return std::nullopt;
    if (got > 0) received.append(block.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

namespace {

// Calls `on_hint` with each line of an eye, up to the line with the field `last`; returns its
// value.
Result<nlohmann::json> follow_trial(
    std::vector<std::string> words, const std::string& camera, double seconds, const char* last,
    const std::function<void(const nlohmann::json& hint)>& on_hint) {
  Trial trial;
  MAITRED_TRY(start_trial(trial, std::move(words)));
  const Timestamp deadline = std::chrono::steady_clock::now() + kEnrolPatience +
                             Milliseconds{static_cast<std::int64_t>(seconds * 1000.0)};
  std::string received;
  while (const auto line = next_trial_line(trial, received, deadline)) {
    const auto object = parse_json(*line, JsonLimits{kEnrolLineLimitBytes, 6});
    if (!object || !object->is_object()) break;
    if (object->contains(last)) return (*object)[last];
    if (object->contains("error")) {
      static const std::set<std::string> kOfUser = {"no_good_picture", "several_people",
                                                    "camera_unknown", "demo_engine_refused"};
      Error error = eye_error((*object)["error"],
                              {Fault::kEnvironment, "trial_failed", "maitred-eye failed"});
      if (kOfUser.contains(error.code)) error.fault = Fault::kInput;
      return tl::unexpected(std::move(error));
    }
    on_hint(*object);
  }
  return environment_error("trial_failed",
                           fmt::format("camera '{}' gave no picture in time", camera));
}

}  // namespace

Result<nlohmann::json> watch_camera(
    const std::filesystem::path& settings_file, const CameraPhotos& wanted,
    const std::function<void(const nlohmann::json& hint)>& on_hint) {
  MAITRED_ASSIGN(
      nlohmann::json photos,
      follow_trial({eye_program().string(), "-c", settings_file.string(), "--enrol",
                    fmt::format("{}", wanted.seconds), "--purpose",
                    wanted.purpose == PhotoPurpose::kEnrol ? "enrol" : "probe", wanted.camera},
                   wanted.camera, wanted.seconds, "photos", on_hint));
  if (!photos.is_array() || photos.empty()) {
    return environment_error("trial_failed", "maitred-eye gave no list of pictures");
  }
  for (const nlohmann::json& photo : photos) MAITRED_TRY(check_photo_report(photo));
  return photos;
}

Result<nlohmann::json> watch_placement(
    const std::filesystem::path& settings_file, const std::string& camera, double seconds,
    const std::function<void(const nlohmann::json& progress)>& on_progress) {
  return follow_trial({eye_program().string(), "-c", settings_file.string(), "--placement",
                       fmt::format("{}", seconds), camera},
                      camera, seconds, "placement", on_progress);
}

}  // namespace maitred
