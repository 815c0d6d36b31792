#include "camera_photos.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "eye_report.h"

namespace maitred {
namespace {

using nlohmann::json;

// Who holds a device holds it alone: the daemon's eye lets go of it for as long as this lives.
class CameraPause {
 public:
  CameraPause(Session& session, const CameraSettings& camera, double seconds)
      : session_(session), camera_(camera.name) {
    if (!camera.source.starts_with("/dev/")) return;
    const json wanted = {{"camera", camera_}, {"seconds", seconds + 60.0}};
    for (int attempt = 0; attempt < 30; ++attempt) {
      const auto paused = session.ask("camera_pause", wanted);
      paused_ = paused.has_value();
      if (!paused && paused.error().code == "camera_in_use") refused_ = paused.error();
      // Without a daemon there is nothing to pause, and the store does not know the verb.
      if (!paused || paused->value("free", true)) return;
      ::usleep(100'000);
    }
  }
  ~CameraPause() {
    if (paused_) (void)session_.ask("camera_resume", {{"camera", camera_}});
  }
  CameraPause(const CameraPause&) = delete;
  CameraPause& operator=(const CameraPause&) = delete;
  Status status() const {
    if (refused_) return tl::unexpected(*refused_);
    return {};
  }

 private:
  Session& session_;
  const std::string camera_;
  bool paused_ = false;
  std::optional<Error> refused_;
};

}  // namespace

Result<json> photos_of_camera(Session& session, const CameraPhotos& wanted) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  const CameraSettings* camera = settings->camera(wanted.camera);
  if (camera == nullptr) {
    return input_error("camera_unknown", fmt::format("{} has no [[camera]] with the name \"{}\"",
                                                     settings->file.string(), wanted.camera));
  }
  const CameraPause pause(session, *camera, wanted.seconds);
  MAITRED_TRY(pause.status());
  const bool visible = !session.options().quiet && ::isatty(STDERR_FILENO) == 1;
  auto photos = watch_camera(settings->file, wanted, [visible](const json& hint) {
    if (!visible) return;
    fmt::print(stderr, "\r\033[K {:4.1f} s  {} good  \033[1m{}\033[0m",
               hint.value("seconds_left", 0.0), hint.value("good", 0), hint.value("hint", ""));
    std::fflush(stderr);
  });
  if (visible) std::fputs("\r\033[K", stderr);
  return photos;
}

}  // namespace maitred
