// maitred-eye: watches one camera, or reads photos. The only program that touches untrusted pixels.
// It holds no key.
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "maitred/base/log.h"
#include "maitred/base/secret.h"
#include "maitred/eye/watch/camera_trial.h"
#include "maitred/eye/watch/confine_eye.h"
#include "maitred/eye/watch/eye_app.h"
#include "maitred/eye/watch/live_enrolment.h"
#include "maitred/eye/watch/liveness_trial.h"
#include "maitred/eye/watch/photo_report.h"
#include "maitred/eye/watch/placement_watch.h"
#include "maitred/eye/watch/prepare.h"
#include "maitred/settings/settings.h"

namespace maitred {
namespace {

constexpr std::size_t kPhotoLimitBytes = std::size_t{16} << 20U;

struct Arguments {
  std::string config;
  std::string camera;
  bool photo = false;
  bool photos = false;
  bool measure = false;
  double enrol_s = 0.0;
  double placement_s = 0.0;
  std::string purpose = "enrol";
  std::string engine;
  std::string film;
  int parent_pid = 0;
  bool must_confine = false;

  bool speaks_json() const {
    return photo || photos || measure || enrol_s > 0.0 || placement_s > 0.0 || !film.empty();
  }
};

std::atomic<bool> stop_asked{false};
std::atomic<bool> reload_asked{false};

void ask_to_stop(int) { stop_asked = true; }
void ask_to_reload(int) { reload_asked = true; }

void handle_signals(int parent_pid) {
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  action.sa_handler = ask_to_reload;
  ::sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  if (parent_pid > 0) ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
}

// Reads one byte more than allowed, so that a photo over the limit is noticed.
std::vector<std::uint8_t> read_standard_input() {
  std::vector<std::uint8_t> bytes(kPhotoLimitBytes + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(STDIN_FILENO, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

void print_line(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// Both return the exit status of the program.
int print_failure(const Error& error) {
  print_line(error_json(error));
  return static_cast<int>(error.fault);
}
int print_report(const Result<std::string>& report) {
  if (!report) return print_failure(report.error());
  print_line(*report);
  return 0;
}

// Only probes are checked for liveness.
EngineUse use_for(Purpose purpose) {
  return purpose == Purpose::kProbe ? EngineUse::kEverything : EngineUse::kWithoutLiveness;
}

// Loads the models, then gives up all rights that looking at a photo does not need. Nothing of a
// photo has been read before.
Result<Engine> confined_engine(const Settings& settings, const Arguments& arguments, int photos,
                               Purpose purpose) {
  EyeConfinement confinement(arguments.must_confine);
  close_inherited_files();
  MAITRED_TRY(confinement.files_for_photos(settings));
  MAITRED_TRY(limit_this_process(photos));
  MAITRED_ASSIGN(Engine engine, prepare_engine(settings, use_for(purpose)));
  MAITRED_TRY(confinement.calls_for_photos());
  return engine;
}

Result<std::string> run_photo(const Settings& settings, const Arguments& arguments,
                              Purpose purpose) {
  MAITRED_ASSIGN(Engine engine, confined_engine(settings, arguments, 1, purpose));
  const std::vector<std::uint8_t> bytes = read_standard_input();
  return report_photo(engine, bytes, purpose);
}

int photos_main(const Settings& settings, const Arguments& arguments, Purpose purpose) {
  const auto run = [&]() -> Status {
    MAITRED_ASSIGN(Engine engine, confined_engine(settings, arguments, kPhotosInARow, purpose));
    return report_photos(engine, purpose, STDIN_FILENO, STDOUT_FILENO);
  };
  const Status status = run();
  return status ? 0 : print_failure(status.error());
}

int photo_main(const Settings& settings, const Arguments& arguments, Purpose purpose) {
  return print_report(run_photo(settings, arguments, purpose));
}

// Confines a process that loads no models.
Status confine(const Settings& settings, const Arguments& arguments, const std::string& source) {
  EyeConfinement confinement(arguments.must_confine);
  MAITRED_TRY(confinement.files_for_source(settings, source));
  return confinement.calls_for_source(source);
}

// Loads the models, then gives up all rights that the source does not need. Nothing of it has been
// read before.
Result<Engine> confined_engine(const Settings& settings, const Arguments& arguments,
                               const std::string& source, EngineUse use) {
  EyeConfinement confinement(arguments.must_confine);
  MAITRED_TRY(confinement.files_for_source(settings, source));
  MAITRED_ASSIGN(Engine engine, prepare_engine(settings, use));
  MAITRED_TRY(confinement.calls_for_source(source));
  return engine;
}

// Prints one JSON object, also on failure.
int measure_main(const Settings& settings, const Arguments& arguments) {
  constexpr Milliseconds kTrial{3000};
  const auto camera = settings.named_camera(arguments.camera);
  if (!camera) return print_failure(camera.error());
  CaptureOptions options;
  options.camera = (*camera)->name;
  options.source = (*camera)->source;
  const Status confined = confine(settings, arguments, options.source);
  if (!confined) return print_failure(confined.error());
  return print_report(try_camera(options, kTrial));
}

// Opens the camera without the extra frames for new people.
CaptureOptions regular_frames(const EyeOptions& options) {
  CaptureOptions capture = options.capture.capture;
  capture.burst = 1.0;
  return capture;
}

// Prints hints and, last, the reports, one line each.
int enrol_main(const Settings& settings, const Arguments& arguments, Purpose purpose) {
  const auto run = [&]() -> Status {
    MAITRED_ASSIGN(const EyeOptions options,
                   prepare_eye(settings, arguments.camera, std::getenv("RUNTIME_DIRECTORY")));
    MAITRED_ASSIGN(
        Engine engine,
        confined_engine(settings, arguments, options.capture.capture.source, use_for(purpose)));
    LiveEnrolment enrolment;
    enrolment.purpose = purpose;
    enrolment.duration = Milliseconds{static_cast<std::int64_t>(arguments.enrol_s * 1000.0)};
    enrolment.another_person_below = options.analysis.another_person_below;
    MAITRED_ASSIGN(const auto source, open_source(regular_frames(options)));
    return enrol_live(*source, engine, enrolment, print_line);
  };
  const Status status = run();
  return status ? 0 : print_failure(status.error());
}

// Prints progress and, last, the placement report, one line each.
int placement_main(const Settings& settings, const Arguments& arguments) {
  const auto run = [&]() -> Status {
    MAITRED_ASSIGN(const EyeOptions options,
                   prepare_eye(settings, arguments.camera, std::getenv("RUNTIME_DIRECTORY")));
    MAITRED_ASSIGN(Engine engine,
                   confined_engine(settings, arguments, options.capture.capture.source,
                                   EngineUse::kWithoutLiveness));
    PlacementWatch watch;
    watch.duration = Milliseconds{static_cast<std::int64_t>(arguments.placement_s * 1000.0)};
    watch.zone = options.analysis.zone;
    MAITRED_ASSIGN(const auto source, open_source(regular_frames(options)));
    return watch_placement(*source, engine, watch, print_line);
  };
  const Status status = run();
  return status ? 0 : print_failure(status.error());
}

// Judges the film of one presentation.
int liveness_main(const Settings& settings, const Arguments& arguments) {
  const auto run = [&]() -> Result<std::string> {
    MAITRED_TRY(limit_this_process(kPhotosInARow));
    MAITRED_ASSIGN(Engine engine,
                   confined_engine(settings, arguments, arguments.film, EngineUse::kEverything));
    CaptureOptions options;
    options.camera = "film";
    options.source = arguments.film;
    options.fps = 5.0;
    options.realtime = false;
    MAITRED_ASSIGN(const auto source, open_source(options));
    return report_liveness(*source, engine);
  };
  return print_report(run());
}

// On SIGHUP reads the log levels again. Any other change of a camera needs a new eye process.
void reload_levels_if_asked(const std::filesystem::path& file) {
  if (!reload_asked.exchange(false)) return;
  const Result<Settings> fresh = read_settings(file);
  const Status done =
      fresh ? set_log_level(fresh->log_level, fresh->log_modules) : tl::unexpected(fresh.error());
  if (!done) spdlog::error("{}; keeping the previous log levels", done.error().message);
}

Status run_camera(const Settings& settings, const Arguments& arguments) {
  MAITRED_ASSIGN(EyeOptions options,
                 prepare_eye(settings, arguments.camera, std::getenv("RUNTIME_DIRECTORY")));
  options.parent_pid = arguments.parent_pid;
  options.every_turn = [file = settings.file] { reload_levels_if_asked(file); };
  if (arguments.parent_pid == 0) options.notifier = ServiceNotifier::of_this_process();
  MAITRED_ASSIGN(Engine engine, confined_engine(settings, arguments, options.capture.capture.source,
                                                EngineUse::kOfCamera));
  return run_eye(options, std::move(engine), stop_asked);
}

int camera_main(const Settings& settings, const Arguments& arguments) {
  handle_signals(arguments.parent_pid);
  const Status status = run_camera(settings, arguments);
  if (status) return 0;
  spdlog::error("{}", status.error().message);
  return static_cast<int>(status.error().fault);
}

int eye_main(const Arguments& arguments) {
  hide_this_process();
  initialise_crypto();
  Result<Settings> settings =
      read_settings(choose_settings_file(arguments.config, std::getenv("MAITRED_CONFIG")));
  if (!settings) {
    if (arguments.speaks_json()) std::printf("%s\n", error_json(settings.error()).c_str());
    std::fprintf(stderr, "maitred-eye: %s\n", settings.error().message.c_str());
    return static_cast<int>(settings.error().fault);
  }
  if (!arguments.engine.empty()) settings->engine = arguments.engine;
  const Status logging = arguments.speaks_json() ? start_logging("maitred-eye", "error")
                                                 : start_logging("maitred-eye", settings->log_level,
                                                                 settings->log_modules);
  if (!logging) {
    std::fprintf(stderr, "maitred-eye: %s\n", logging.error().message.c_str());
    return static_cast<int>(logging.error().fault);
  }
  const Purpose purpose = arguments.purpose == "probe" ? Purpose::kProbe : Purpose::kEnrol;
  if (arguments.photo) return photo_main(*settings, arguments, purpose);
  if (arguments.photos) return photos_main(*settings, arguments, purpose);
  if (!arguments.film.empty()) return liveness_main(*settings, arguments);
  if (arguments.measure) return measure_main(*settings, arguments);
  if (arguments.placement_s > 0.0) return placement_main(*settings, arguments);
  if (arguments.enrol_s > 0.0) return enrol_main(*settings, arguments, purpose);
  return camera_main(*settings, arguments);
}

int parse_and_run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("The eye of maitred: watches one camera for the core, or looks at one photo.",
               "maitred-eye");
  app.set_version_flag("--version", "maitred-eye " MAITRED_VERSION);
  app.add_option("-c,--config", arguments.config,
                 "Configuration file (default: $MAITRED_CONFIG, then /etc/maitred/maitred.toml)");
  app.add_option("--parent-pid", arguments.parent_pid, "End when this parent process is gone")
      ->check(CLI::PositiveNumber);
  app.add_flag(
      "--must-confine", arguments.must_confine,
      "End with status 3 where the kernel cannot confine this process (Landlock, seccomp)");
  auto* const photo = app.add_flag(
      "--photo", arguments.photo,
      "Read one JPEG, PNG or WebP image of at most 16 MiB from standard input; write its "
      "template and quality as one JSON object; status 2 if the photo is refused");
  auto* const photos = app.add_flag(
      "--photos", arguments.photos,
      "Read several images, each preceded by its size (4 bytes, little endian); answer each with "
      "one line");
  photos->excludes(photo);
  app.add_option("--engine", arguments.engine, "Use this engine instead of the configured one")
      ->check(CLI::IsMember({"retail", "dlib", "sface", "demo"}))
      ->needs(photos);
  app.add_option("--purpose", arguments.purpose,
                 "enrol: refuse photos unfit for enrolment; probe: refuse only photos without a "
                 "face")
      ->check(CLI::IsMember({"enrol", "probe"}));
  app.add_flag("--measure", arguments.measure,
               "Read the camera for three seconds; write the size, rate and light of its pictures "
               "as one JSON object; analyse nothing")
      ->excludes(photo)
      ->excludes(photos);
  app.add_option("--enrol", arguments.enrol_s,
                 "Watch the person in front of the camera for this many seconds; write hints, then "
                 "the best templates, as JSON lines")
      ->check(CLI::Range(0.5, 120.0))
      ->excludes(photo)
      ->excludes(photos);
  app.add_option("--placement", arguments.placement_s,
                 "Watch the people who pass the camera for this many seconds; write the size and "
                 "quality of their faces as JSON; make no templates")
      ->check(CLI::Range(1.0, 3600.0))
      ->excludes(photo)
      ->excludes(photos);
  app.add_option("--liveness", arguments.film,
                 "Judge whether this film shows a live face; write one JSON object")
      ->excludes(photo)
      ->excludes(photos);
  app.add_option("CAMERA", arguments.camera, "Name of a [[camera]] in the configuration")
      ->excludes(photo)
      ->excludes(photos);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (arguments.camera.empty() && !arguments.photo && !arguments.photos && arguments.film.empty()) {
    std::fprintf(stderr, "maitred-eye: name a camera, or give --photo; see --help\n");
    return 2;
  }
  return eye_main(arguments);
}

}  // namespace
}  // namespace maitred

int main(int argc, char** argv) {
  // FFmpeg prints addresses with passwords.
  ::setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);
  ::setenv("OPENCV_LOG_LEVEL", "ERROR", 0);
  try {
    return maitred::parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "maitred-eye: %s\n", error.what());
    return 3;
  }
}
