// Pauses a camera of the running daemon, for a verb that opens the camera itself.
#pragma once

#include <unistd.h>

#include <optional>
#include <string>

#include "maitred/settings/settings.h"
#include "src/ctl/session.h"

namespace maitred {

// Only one process can open a device: while this exists, the daemon's eye leaves it closed.
class CameraPause {
 public:
  CameraPause(Session& session, const CameraSettings& camera, double seconds)
      : session_(session), camera_(camera.name) {
    if (!camera.source.starts_with("/dev/")) return;
    const nlohmann::json wanted = {{"camera", camera_}, {"seconds", seconds + 60.0}};
    for (int attempt = 0; attempt < 30; ++attempt) {
      const auto paused = session.ask("camera_pause", wanted);
      paused_ = paused.has_value();
      if (!paused && paused.error().code == "camera_in_use") refused_ = paused.error();
      // Without a daemon there is nothing to pause: the verb is unknown there.
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

}  // namespace maitred
