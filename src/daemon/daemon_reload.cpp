// SIGHUP: reads the configuration again and applies what can change in a running daemon.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "camera_names.h"
#include "maitred/base/log.h"
#include "maitred/daemon/daemon.h"
#include "maitred/doors/eyes/open_floor.h"

namespace maitred {
namespace {

bool same_listen(const ListenSettings& a, const ListenSettings& b) {
  return a.address == b.address && a.port == b.port;
}

bool same_camera(const CameraSettings& a, const CameraSettings& b) {
  return a.source == b.source && a.mode == b.mode && a.zone == b.zone && a.dwell == b.dwell &&
         a.fps == b.fps && a.realtime == b.realtime && a.loop == b.loop &&
         a.min_face_px == b.min_face_px;
}

// Restores the settings that a running daemon cannot change, and logs which had been changed.
void keep_fixed(Settings& fresh, const Settings& now) {
  std::string fixed;
  const auto keep = [&fixed](bool same, const char* key, auto& value, const auto& before) {
    if (same) return;
    fixed += fmt::format("{}{}", fixed.empty() ? "" : ", ", key);
    value = before;
  };
  keep(fresh.store_path == now.store_path, "store.path", fresh.store_path, now.store_path);
  keep(fresh.store_key == now.store_key, "store.key", fresh.store_key, now.store_key);
  keep(fresh.models_dir == now.models_dir, "models.dir", fresh.models_dir, now.models_dir);
  keep(fresh.engine == now.engine, "models.engine", fresh.engine, now.engine);
  keep(same_listen(fresh.staff.listen, now.staff.listen), "staff.listen", fresh.staff.listen,
       now.staff.listen);
  keep(fresh.staff.tls_cert.empty() == now.staff.tls_cert.empty(), "staff.tls_cert", fresh.staff,
       now.staff);
  keep(same_listen(fresh.api, now.api), "api.listen", fresh.api, now.api);
  keep(same_listen(fresh.board.listen, now.board.listen), "board.listen", fresh.board, now.board);
  keep(same_listen(fresh.metrics, now.metrics), "metrics.listen", fresh.metrics, now.metrics);
  if (!fixed.empty()) journal().warn("{}: takes effect at the next start", fixed);
}

std::set<std::string> changed_cameras(const Settings& fresh, const Settings& now) {
  std::set<std::string> changed;
  for (const CameraSettings& camera : fresh.cameras) {
    const CameraSettings* before = now.camera(camera.name);
    if (before != nullptr && !same_camera(camera, *before)) changed.insert(camera.name);
  }
  return changed;
}

}  // namespace

void Daemon::reload() {
  options_.notifier.send("RELOADING=1");
  const Status done = apply_settings_file();
  if (done) {
    journal().info("the configuration was read again and is in use");
  } else {
    journal().error("{} (keeping the previous configuration)", done.error().message);
  }
  options_.notifier.send("READY=1");
}

Result<std::function<void()>> Daemon::renewed_certificates(const Settings& fresh) {
  std::vector<std::function<void()>> all;
  const StaffSettings& files = fresh.staff;
  if (!files.tls_cert.empty()) {
    MAITRED_ASSIGN(all.emplace_back(), staff_->renew_tls(files.tls_cert, files.tls_key));
  }
  if (board_) {
    MAITRED_ASSIGN(all.emplace_back(), board_->renew_tls(fresh));
  }
  if (api_) {
    MAITRED_ASSIGN(all.emplace_back(), api_->renew_tls(files.tls_cert, files.tls_key));
  }
  return [all = std::move(all)] {
    for (const auto& use : all) use();
  };
}

Status Daemon::apply_settings_file() {
  const Settings now = shop_->settings();
  MAITRED_ASSIGN(Settings fresh, read_settings(now.file));
  MAITRED_TRY(check_settings(fresh, options_));
  keep_fixed(fresh, now);
  MAITRED_ASSIGN(const auto use_certificates, renewed_certificates(fresh));
  MAITRED_ASSIGN(const auto use_integrations, integrations_->renewed(fresh));
  MAITRED_TRY(set_log_level(fresh.log_level, fresh.log_modules));
  MAITRED_TRY(note_open_floors(shop_->store(), fresh.cameras, Actor{"maitred", wall_now()}));
  MAITRED_TRY(shop_->reload(fresh));
  use_certificates();
  use_integrations();
  const std::set<std::string> changed = changed_cameras(fresh, now);
  cameras_.reconfigure(camera_names(fresh));
  drop_removed_cameras(fresh);
  if (supervisor_) {
    supervisor_->reconfigure(camera_names(fresh), changed);
  } else {
    for (const std::string& camera : changed) {
      journal().warn("camera {}: its settings have changed: run systemctl restart maitred-eye@{}",
                     camera, camera);
    }
  }
  schedule_deadline();
  return {};
}

void Daemon::drop_removed_cameras(const Settings& fresh) {
  std::erase_if(camera_was_, [&fresh](const auto& item) { return !fresh.camera(item.first); });
  std::vector<EyeSession> gone;
  for (const auto& [session, camera] : camera_of_) {
    if (fresh.camera(camera) == nullptr) gone.push_back(session);
  }
  for (const EyeSession session : gone) drop_eye(session);
}

void Daemon::drop_eye(EyeSession session) {
  const std::string camera = camera_of_.at(session);
  camera_of_.erase(session);
  bounds_of_.erase(session);
  session_of_.erase(camera);
  recognition_->drop_camera(camera);
  eyes_->disconnect(session);
}

}  // namespace maitred
