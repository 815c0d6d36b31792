#include "camera_photos.h"

#include <fmt/format.h>
#include <unistd.h>

#include "camera_pause.h"
#include "eye_report.h"

namespace maitred {

using nlohmann::json;

Result<json> photos_of_camera(Session& session, const CameraPhotos& wanted) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  MAITRED_ASSIGN(const CameraSettings* camera, settings->named_camera(wanted.camera));
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
