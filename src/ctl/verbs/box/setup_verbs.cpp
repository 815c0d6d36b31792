// setup: asks a few questions and writes the first configuration.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>

#include "maitred/base/file.h"
#include "maitred/base/text.h"
#include "maitred/ctl/doctor/cameras.h"
#include "maitred/ctl/doctor/first_configuration.h"
#include "maitred/settings/settings.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct SetupOptions {
  std::string source, name;
  bool yes = false;
};

// Asks questions on standard error, so that the output of --json stays one object. With --yes, or
// at the end of the input, takes the default answers.
class Interview {
 public:
  explicit Interview(bool silent) : silent_(silent) {}

  void say(const std::string& text) const {
    if (!silent_) fmt::print(stderr, "{}", text);
  }

  std::string ask(const std::string& question, const std::string& proposed) {
    if (silent_) return proposed;
    fmt::print(stderr, "{}{}: ", question, proposed.empty() ? "" : fmt::format(" [{}]", proposed));
    std::fflush(stderr);
    std::string line;
    if (ended_ || !std::getline(std::cin, line)) {
      ended_ = true;
      fmt::print(stderr, "\n");
      return proposed;
    }
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos) return proposed;
    return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
  }

  bool ended() const { return silent_ || ended_; }

 private:
  bool silent_;
  bool ended_ = false;
};

std::string list_text(const std::vector<CameraDevice>& cameras) {
  if (cameras.empty()) {
    return "No camera found on this machine that this user may open. The address of a network\n"
           "camera looks like rtsp://user:password@192.0.2.7/stream.\n";
  }
  std::string text = "Cameras on this machine:\n";
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    text += fmt::format("  {}  {}\n     {}\n", i + 1, cameras[i].name, cameras[i].source);
  }
  return text;
}

// A number selects from the list; any other text is a source.
std::string source_of(const std::string& answer, const std::vector<CameraDevice>& cameras) {
  char* end = nullptr;
  const long number = std::strtol(answer.c_str(), &end, 10);
  const bool picked = *end == '\0' && number >= 1 && number <= static_cast<long>(cameras.size());
  if (picked) return cameras[static_cast<std::size_t>(number) - 1].source;
  // The user gives a recording relative to the current folder. The configuration would resolve it
  // relative to its own folder, so make it absolute.
  std::error_code ignored;
  return !is_live_source(answer) && fs::exists(answer, ignored) ? fs::absolute(answer).string()
                                                                : answer;
}

// Validates one camera with the rules of the configuration, so that the question can be repeated.
Status check(const FirstCamera& camera, const fs::path& file) {
  std::error_code ignored;
  if (!is_live_source(camera.source) && !fs::exists(camera.source, ignored)) {
    return input_error("source_missing", fmt::format("file or folder {} does not exist",
                                                     without_secrets(camera.source)));
  }
  FirstAnswers alone;
  alone.cameras = {camera};
  MAITRED_TRY(first_configuration(alone, file));
  return {};
}

// Shortens "FILE:LINE: KEY: message" to "KEY: message".
std::string without_place(const std::string& message) {
  for (const std::string_view table : {"camera[1].", "recognition."}) {
    const std::size_t at = message.find(table);
    if (at != std::string::npos) return message.substr(at + table.size());
  }
  return message;
}

Result<FirstCamera> ask_camera(Interview& interview, const SetupOptions& options,
                               const std::vector<CameraDevice>& found, const std::string& name,
                               const fs::path& file) {
  FirstCamera camera;
  std::string source = !options.source.empty() ? options.source : found.empty() ? "" : "1";
  std::string zone = "0.2, 0.1, 0.8, 1.0";
  camera.name = options.name.empty() ? name : options.name;
  for (;;) {  // earlier answers become the defaults
    source = interview.ask("Camera (a number, a device, a URL or a video file)", source);
    if (source.empty()) {
      if (!interview.ended()) continue;
      return input_error("no_camera", "no camera was found and none was given; use --source");
    }
    camera.source = source_of(source, found);
    camera.name = interview.ask("Name of its place (letters, digits, '-')", camera.name);
    interview.say("Only people who stop inside the zone are compared with your customers.\n");
    zone = interview.ask("Zone (x0, y0, x1, y1 as fractions of the picture)", zone);
    camera.zone = fmt::format("[{}]", zone);
    const Status fine = check(camera, file);
    if (fine) return camera;
    if (interview.ended()) return tl::unexpected(fine.error());
    interview.say(fmt::format("Invalid answer: {}\n", without_place(fine.error().message)));
  }
}

Result<std::string> ask_false_alerts(Interview& interview, FirstAnswers& answers,
                                     const fs::path& file) {
  const std::string proposed = answers.false_alerts;
  for (;;) {
    answers.false_alerts = interview.ask(
        "Accepted rate of strangers mistaken for a customer (\"1 per N visitors\")", proposed);
    auto text = first_configuration(answers, file);
    if (text || interview.ended()) return text;
    interview.say(fmt::format("Invalid answer: {}\n", without_place(text.error().message)));
  }
}

// Creates the file. Never overwrites an existing file.
Status write_new(const fs::path& file, const std::string& text) {
  std::error_code ignored;
  if (!file.parent_path().empty()) fs::create_directories(file.parent_path(), ignored);
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!fd && errno == EEXIST) {
    return input_error("config_exists",
                       fmt::format("{} already exists and is not overwritten; move it away, or "
                                   "name another file with -c",
                                   file.string()));
  }
  const bool written =
      fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || ::fsync(fd.get()) != 0) {
    return environment_error(
        "file_unwritable", fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  }
  // Same ownership as in the package: root may change the file, the service's group may read it.
  struct stat folder {};
  if (::geteuid() == 0 && ::stat(file.parent_path().c_str(), &folder) == 0) {
    (void)!::fchown(fd.get(), 0, folder.st_gid);
  }
  return {};
}

// Returns `file`, or a name beside it if it exists, such as the configuration of the package.
fs::path free_name(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored) ? fs::path(file.string() + ".new") : file;
}

Result<Answer> set_up(Session& session, const SetupOptions& options) {
  const auto wanted =
      choose_settings_file(session.options().settings_file, std::getenv("MAITRED_CONFIG"));
  const fs::path file = free_name(wanted);
  std::error_code ignored;
  if (fs::exists(file, ignored)) {
    return input_error(
        "config_exists",
        fmt::format("{} and {} already exist and are not overwritten; move one away, "
                    "or name another file with -c",
                    wanted.string(), file.string()));
  }
  Interview interview(options.yes);
  const std::vector<CameraDevice> found = list_cameras();
  interview.say(list_text(found));
  FirstAnswers answers;
  answers.beside_file = !fs::absolute(wanted).string().starts_with("/etc/");
  for (;;) {
    const std::string name =
        answers.cameras.empty() ? "entrance" : fmt::format("camera-{}", answers.cameras.size() + 1);
    MAITRED_ASSIGN(FirstCamera camera, ask_camera(interview, options, found, name, file));
    answers.cameras.push_back(std::move(camera));
    const std::string more = interview.ask("Add another camera? (yes or no)", "no");
    if (more.empty() || (more[0] != 'y' && more[0] != 'Y')) break;
  }
  MAITRED_ASSIGN(const std::string text, ask_false_alerts(interview, answers, file));
  MAITRED_TRY(write_new(file, text));

  Answer answer;
  answer.object = {{"written", file.string()}, {"cameras", answers.cameras.size()}};
  answer.text = fmt::format("Wrote {}. It contains every setting, with comments.\n", file.string());
  if (file != wanted) {
    answer.text += fmt::format(
        "{0} already existed and was not changed. To use the new file:\n    mv {1} {0}\n",
        wanted.string(), file.string());
  }
  const bool installed = !answers.beside_file;
  const std::string ctl =
      installed ? "sudo -u maitred maitredctl" : fmt::format("maitredctl -c {}", wanted.string());
  answer.text += fmt::format("Next:\n    {0} models fetch\n    {0} init\n    {0} doctor\n", ctl);
  return answer;
}

}  // namespace

void add_setup_verbs(CommandLine& line) {
  auto options = std::make_shared<SetupOptions>();
  CLI::App* verb = add_verb(line, "setup", "Ask a few questions and write a first configuration");
  verb->add_option("--source", options->source, "Default camera: device, URL or video file");
  verb->add_option("--name", options->name, "Default name of the camera's place");
  verb->add_flag("--yes", options->yes, "Ask nothing; use the default answers");
  verb->callback(
      [&line, options] { line.run = [&line, options] { return set_up(line.session, *options); }; });
}

}  // namespace maitred
