// The verbs of maitredctl that need the running daemon: cameras, engine, status, revoking staff.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "camera_names.h"
#include "maitred/admin/staff.h"
#include "maitred/base/log.h"
#include "maitred/daemon/daemon.h"

namespace maitred {
namespace {

const char* state_word(EyeState state) {
  switch (state) {
    case EyeState::kConnecting:
      return "connecting";
    case EyeState::kRunning:
      return "running";
    case EyeState::kStalled:
      return "stalled";
    case EyeState::kEnded:
      return "ended";
  }
  return "connecting";
}

struct ResumeCameraArgs {
  std::string camera;

  static void describe(auto& fields, auto& it) { fields.needed("camera", it.camera); }
};

}  // namespace

struct Daemon::PauseArgs {
  std::string camera;
  double seconds = 0;

  static void describe(auto& fields, auto& it) {
    fields.needed("camera", it.camera);
    fields.needed("seconds", it.seconds);
  }
};

struct Daemon::PauseAnswer {
  bool paused = true;
  std::optional<bool> free;  // the eye has let go of the camera

  static void describe(auto& fields, auto& it) {
    fields.needed("paused", it.paused);
    fields.if_any("free", it.free);
  }
};

struct Daemon::EngineArgs {
  std::string engine;

  static void describe(auto& fields, auto& it) { fields.needed("engine", it.engine); }
};

struct Daemon::EngineAnswer {
  std::string engine;
  std::optional<bool> restart_eyes;  // the eyes are services of their own

  static void describe(auto& fields, auto& it) {
    fields.needed("engine", it.engine);
    fields.if_any("restart_eyes", it.restart_eyes);
  }
};

void Daemon::register_verbs() {
  verbs_.add(at_once<PauseArgs>("camera_pause", [this](Shop&, const PauseArgs& args, const Actor&) {
    return pause_camera(args);
  }));
  verbs_.add(at_once<ResumeCameraArgs>(
      "camera_resume",
      [this](Shop&, const ResumeCameraArgs& args, const Actor&) -> Result<PauseAnswer> {
        if (supervisor_) supervisor_->resume(args.camera);
        return PauseAnswer{false, {}};
      }));
  verbs_.add(at_once<EngineArgs>("use_engine", [this](Shop&, const EngineArgs& args, const Actor&) {
    return use_engine(args);
  }));
  verbs_.add(at_once<NoArgs>(
      "status",
      [this](Shop& shop, const NoArgs& args, const Actor& actor) -> Result<verbs::StatusAnswer> {
        MAITRED_ASSIGN(verbs::StatusAnswer answer, verbs::status(shop, args, actor));
        answer.cameras = camera_status();
        answer.staff_connected = staff_ ? staff_->clients() : 0;
        answer.live = live_status();
        return answer;
      }));
  verbs_.add(at_once<verbs::StaffRevokeArgs>(
      "staff_revoke",
      [this](Shop& shop, const verbs::StaffRevokeArgs& args,
             const Actor& actor) -> Result<verbs::StaffRevokeAnswer> {
        MAITRED_ASSIGN(const auto answer, verbs::staff_revoke(shop, args, actor));
        if (staff_) staff_->drop_terminal(args.name);
        return answer;
      }));
}

// An enrolment before the camera opens it itself: the eye lets go of it for as long.
Result<Daemon::PauseAnswer> Daemon::pause_camera(const PauseArgs& args) {
  if (!supervisor_) {
    if (!session_of_.contains(args.camera)) return PauseAnswer{};
    return environment_error(
        "camera_in_use",
        fmt::format(
            "maitred-eye holds camera '{0}'; for the enrolment stop it with 'systemctl stop "
            "maitred-eye@{0}', and start it again afterwards",
            args.camera));
  }
  const double seconds = std::clamp(args.seconds, 1.0, 240.0);
  if (!supervisor_->pause(args.camera, Milliseconds{static_cast<std::int64_t>(seconds * 1000.0)})) {
    return input_error("camera_unknown", "the daemon has no such camera; restart it");
  }
  return PauseAnswer{true, supervisor_->is_gone(args.camera)};
}

// maitredctl has already written the engine into the configuration file.
Result<Daemon::EngineAnswer> Daemon::use_engine(const EngineArgs& args) {
  if (args.engine == recognition_->engine()) return EngineAnswer{args.engine, {}};
  Settings fresh = shop_->settings();
  fresh.engine = args.engine;
  MAITRED_TRY(check_settings(fresh, options_));
  MAITRED_TRY(shop_->use_engine(args.engine));
  MAITRED_ASSIGN(recognition_, shop_->recognition());
  // Every eye starts again, with the templates of the new engine.
  const auto sessions = camera_of_;
  for (const auto& [session, camera] : sessions) {
    drop_eye(session);
    cameras_.disconnected(camera);
  }
  const std::vector<std::string> names = camera_names(shop_->settings());
  if (supervisor_) supervisor_->reconfigure(names, {names.begin(), names.end()});
  journal().info("engine {} from now on, {} customers to recognise", args.engine,
                 recognition_->customers());
  return EngineAnswer{args.engine, supervisor_ == nullptr};
}

std::vector<verbs::CameraStatus> Daemon::camera_status() {
  std::vector<verbs::CameraStatus> cameras;
  for (const CameraState& camera : cameras_.states(std::chrono::steady_clock::now())) {
    const EyeHealth& health = camera.health;
    cameras.push_back({camera.name, state_word(camera.state), health.fps, health.frames,
                       health.dropped, health.faces, health.tracks, health.embeddings,
                       health.not_live, health.backend, health.note});
  }
  return cameras;
}

verbs::LiveStatus Daemon::live_status() {
  const Settings& settings = shop_->settings();
  verbs::LiveStatus live;
  const auto couriers = integrations_ ? integrations_->states() : std::vector<CourierState>{};
  for (const CourierState& state : couriers) {
    live.integrations.push_back({state.name, state.delivering ? "delivering" : "retrying",
                                 state.waiting, state.delivered, state.trouble});
  }
  live.staff_listen =
      fmt::format("{}:{}", settings.staff.listen.address, staff_ ? staff_->port() : 0);
  if (board_) {
    live.board_listen = fmt::format("{}:{}", settings.board.listen.address, board_->port());
  }
  if (telemetry_->port() != 0) {
    live.metrics_listen = fmt::format("{}:{}", settings.metrics.address, telemetry_->port());
  }
  const auto taken = [&live](const char* door, const ListenSettings& listen) {
    live.ports_taken.push_back(fmt::format("{} {}:{}", door, listen.address, listen.port));
  };
  if (!board_ && !settings.board.off()) taken("board", settings.board.listen);
  if (telemetry_->port() == 0 && !settings.metrics.off()) taken("metrics", settings.metrics);
  live.eye_restarts = supervisor_ ? supervisor_->restarts() : 0;
  return live;
}

}  // namespace maitred
