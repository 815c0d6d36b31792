// Handles what the eyes send: sightings, ended tracks, health.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "maitred/base/log.h"
#include "maitred/daemon/daemon.h"

namespace maitred {
namespace {

Timestamp steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

void Daemon::eye_message(EyeSession session, EyeMessage message) {
  const auto camera = camera_of_.find(session);
  if (camera != camera_of_.end()) {
    cameras_.message_received(camera->second, steady_now());
    if (supervisor_) supervisor_->message_received(camera->second);
  }
  std::visit([&](const auto& what) { handle(session, what); }, message);
  schedule_deadline();
}

void Daemon::handle(EyeSession session, const EyeHello& hello) {
  if (!cameras_.known(hello.camera)) {
    journal().warn("refused an eye for camera '{}': the configuration has no such camera",
                   hello.camera);
    return eyes_->disconnect(session);
  }
  if (hello.engine != recognition_->engine() ||
      hello.template_length != recognition_->template_length()) {
    journal().warn("camera {}: its eye uses engine '{}', the core '{}': restart the eye",
                   hello.camera, hello.engine, recognition_->engine());
    return eyes_->disconnect(session);
  }
  // The newer eye replaces the older, whose decoder may hang.
  const auto older = session_of_.find(hello.camera);
  if (older != session_of_.end()) {
    const EyeSession gone = older->second;
    eye_closed(gone);
    eyes_->disconnect(gone);
  }
  camera_of_[session] = hello.camera;
  session_of_[hello.camera] = session;
  cameras_.connected(hello.camera, steady_now());
  telemetry_->metrics().eye_connected(hello.camera);
  if (supervisor_) supervisor_->hello_received(hello.camera, hello.pid);
  journal().info("camera {}: eye connected, pid {}", hello.camera, hello.pid);
}

void Daemon::handle(EyeSession session, const Sighting& sighting) {
  const std::string camera = camera_of_.at(session);
  const auto matches = recognition_->observe(camera, sighting);
  if (!matches) return stop_if_store_failed(tl::unexpected(matches.error()));
  arrivals(*matches);
  if (const auto customer = recognition_->decided(camera, sighting.track)) {
    stop_if_store_failed(shop_->desk().seen(*customer, sighting.at));
  }
}

void Daemon::handle(EyeSession session, const TrackEnded& ended) {
  const std::string camera = camera_of_.at(session);
  const auto customer = recognition_->decided(camera, ended.track);
  const bool compared = recognition_->knows(camera, ended.track);
  const auto matches = recognition_->end_track(camera, ended.track);
  const bool decided_last = std::any_of(matches.begin(), matches.end(), [&](const Match& match) {
    return match.track == ended.track;
  });
  arrivals(matches);
  if (compared && !customer && !decided_last) shop_->vigilance().visitor(camera, ended.at);
  if (!customer) return;
  stop_if_store_failed(shop_->desk().seen(*customer, ended.at));
  stop_if_store_failed(shop_->desk().left(*customer));
}

void Daemon::handle(EyeSession session, const EyeHealth& health) {
  const std::string& camera = camera_of_.at(session);
  cameras_.report(camera, health, steady_now());
}

void Daemon::arrivals(const std::vector<Match>& matches) {
  for (const Match& match : matches) {
    telemetry_->metrics().recognised(match);
    if (shop_->vigilance().suspended(match.camera) || recognition_->suspended(match.customer)) {
      journal().debug("camera {}: no alert: suspended after wrong-person reports", match.camera);
      continue;
    }
    stop_if_store_failed(shop_->desk().arrive(match));
  }
}

void Daemon::eye_closed(EyeSession session) {
  const auto found = camera_of_.find(session);
  if (found == camera_of_.end()) return;
  const std::string camera = found->second;
  camera_of_.erase(found);
  session_of_.erase(camera);
  recognition_->drop_camera(camera);
  cameras_.disconnected(camera);
  journal().info("camera {}: eye disconnected", camera);
  if (options_.exit_when_done && cameras_.all_ended()) begin_shutdown("every file has ended");
}

}  // namespace maitred
