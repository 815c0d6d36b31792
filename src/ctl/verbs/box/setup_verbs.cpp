// setup: the first configuration, in a few questions.
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

// Questions go to standard error, so that the output of --json stays one object. --yes and the end
// of the input accept the proposed answers.
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
    return "No camera was found on this machine (that this user may open). A network camera's\n"
           "address looks like rtsp://user:password@192.0.2.7/stream.\n";
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
  // The name of a recording is relative to the current folder, not to the configuration.
  std::error_code ignored;
  return !is_live_source(answer) && fs::exists(answer, ignored) ? fs::absolute(answer).string()
                                                                : answer;
}

// Checks one camera by the rules of the configuration, so that an invalid answer is asked again.
Status check(const FirstCamera& camera, const fs::path& file) {
  std::error_code ignored;
  if (!is_live_source(camera.source) && !fs::exists(camera.source, ignored)) {
    return input_error("source_missing",
                       fmt::format("there is no file or folder {}", camera.source));
  }
  FirstAnswers alone;
  alone.cameras = {camera};
  MAITRED_TRY(first_configuration(alone, file));
  return {};
}

// Cuts "FILE:LINE: KEY: message" to "KEY: message".
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
  for (;;) {  // proposes the earlier answers again
    source = interview.ask("Which camera? A number, a device, a URL or a video file", source);
    if (source.empty()) {
      if (!interview.ended()) continue;
      return input_error("no_camera", "no camera was found and none was named; give --source");
    }
    camera.source = source_of(source, found);
    camera.name = interview.ask("What is the place called? Letters, digits, '-'", camera.name);
    interview.say("Only who stops inside a zone of the picture is compared with your customers.\n");
    zone = interview.ask("The zone: x0, y0, x1, y1 as fractions of the picture", zone);
    camera.zone = fmt::format("[{}]", zone);
    const Status fine = check(camera, file);
    if (fine) return camera;
    if (interview.ended()) return tl::unexpected(fine.error());
    interview.say(fmt::format("That does not do: {}\n", without_place(fine.error().message)));
  }
}

Result<std::string> ask_false_alerts(Interview& interview, FirstAnswers& answers,
                                     const fs::path& file) {
  const std::string proposed = answers.false_alerts;
  for (;;) {
    answers.false_alerts = interview.ask(
        "How many strangers may be taken for a customer? \"1 per N visitors\"", proposed);
    auto text = first_configuration(answers, file);
    if (text || interview.ended()) return text;
    interview.say(fmt::format("That does not do: {}\n", without_place(text.error().message)));
  }
}

// Creates the file; never overwrites one.
Status write_new(const fs::path& file, const std::string& text) {
  std::error_code ignored;
  if (!file.parent_path().empty()) fs::create_directories(file.parent_path(), ignored);
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!fd && errno == EEXIST) {
    return input_error("config_exists",
                       fmt::format("{} is there already and is not overwritten; move it away, or "
                                   "name another file with -c",
                                   file.string()));
  }
  const bool written =
      fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || ::fsync(fd.get()) != 0) {
    return environment_error(
        "file_unwritable", fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  }
  // As in the package: root may change it, the group of the service may read it.
  struct stat folder {};
  if (::geteuid() == 0 && ::stat(file.parent_path().c_str(), &folder) == 0) {
    (void)!::fchown(fd.get(), 0, folder.st_gid);
  }
  return {};
}

// The name for a new file beside an existing configuration, such as the package's.
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
    return input_error("config_exists",
                       fmt::format("{} and {} are there already and are not overwritten; move one "
                                   "away, or name another file with -c",
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
    const std::string more = interview.ask("Another camera? yes or no", "no");
    if (more.empty() || (more[0] != 'y' && more[0] != 'Y')) break;
  }
  MAITRED_ASSIGN(const std::string text, ask_false_alerts(interview, answers, file));
  MAITRED_TRY(write_new(file, text));

  Answer answer;
  answer.object = {{"written", file.string()}, {"cameras", answers.cameras.size()}};
  answer.text = fmt::format("Wrote {}. It has every setting, with comments.\n", file.string());
  if (file != wanted) {
    answer.text +=
        fmt::format("{0} was there and is untouched. To use the new one:\n    mv {1} {0}\n",
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
  CLI::App* verb = add_verb(line, "setup", "Write a first configuration, in a few questions");
  verb->add_option("--source", options->source, "The camera proposed: device, URL or video file");
  verb->add_option("--name", options->name, "The name proposed for it");
  verb->add_flag("--yes", options->yes, "Ask nothing: take what is proposed");
  verb->callback(
      [&line, options] { line.run = [&line, options] { return set_up(line.session, *options); }; });
}

}  // namespace maitred
