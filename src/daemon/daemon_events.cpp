// Handles what the eyes send: sightings, ended tracks, health.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "maitred/base/log.h"
#include "maitred/daemon/daemon.h"

namespace maitred {
namespace {

Timestamp steady_now() { return std::chrono::steady_clock::now(); }

EyeBounds::Source source_of(const CameraSettings& camera) {
  if (is_live_source(camera.source)) return EyeBounds::Source::kLive;
  return camera.realtime ? EyeBounds::Source::kFilm : EyeBounds::Source::kFastFilm;
}

// A process of another user counts as running, too.
bool is_running(pid_t pid) { return ::kill(pid, 0) == 0 || errno != ESRCH; }

tl::unexpected<Error> not_its_camera(std::string why) {
  return input_error("eye_refused", std::move(why));
}

}  // namespace

void Daemon::eye_message(EyeSession session, EyeMessage message) {
  const auto camera = camera_of_.find(session);
  if (camera != camera_of_.end()) {
    cameras_.message_received(camera->second, steady_now());
    if (supervisor_) supervisor_->message_received(camera->second);
  } else if (!std::holds_alternative<EyeHello>(message)) {
    return eyes_->disconnect(session);
  }
  std::visit([&](auto& what) { handle(session, what); }, message);
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
  const pid_t pid = process_of_.at(session);
  if (const Status claim = check_claim(hello, pid); !claim) {
    journal().warn("refused an eye for camera '{}' (process {}): {}", hello.camera, pid,
                   claim.error().message);
    return eyes_->disconnect(session);
  }
  camera_of_process_[pid] = hello.camera;
  // The newer eye replaces the older, whose decoder may hang.
  const auto older = session_of_.find(hello.camera);
  if (older != session_of_.end()) {
    const EyeSession gone = older->second;
    eye_closed(gone);
    eyes_->disconnect(gone);
  }
  camera_of_[session] = hello.camera;
  const CameraSettings* settings = shop_->settings().camera(hello.camera);
  bounds_of_.insert_or_assign(session, EyeBounds(source_of(*settings), steady_now()));
  session_of_[hello.camera] = session;
  cameras_.connected(hello.camera, steady_now());
  telemetry_->metrics().eye_connected(hello.camera);
  if (supervisor_) supervisor_->hello_received(hello.camera, pid);
  journal().info("camera {}: eye connected, pid {}", hello.camera, pid);
}

Status Daemon::check_claim(const EyeHello& hello, pid_t pid) {
  if (supervisor_ && !supervisor_->started(hello.camera, pid)) {
    return not_its_camera("it is not the process that was started for this camera");
  }
  std::erase_if(camera_of_process_, [](const auto& one) { return !is_running(one.first); });
  const auto bound = camera_of_process_.find(pid);
  if (bound != camera_of_process_.end() && bound->second != hello.camera) {
    return not_its_camera("it is the eye of camera '" + bound->second + "'");
  }
  const auto older = session_of_.find(hello.camera);
  if (older == session_of_.end()) return {};
  const pid_t other = process_of_.at(older->second);
  const EyeState state = cameras_.state_of(hello.camera, steady_now());
  const bool well =
      other != pid && is_running(other) && state != EyeState::kStalled && state != EyeState::kEnded;
  if (!well) return {};
  return not_its_camera("the eye of this camera, process " + std::to_string(other) +
                        ", is connected and well");
}

void Daemon::refuse(EyeSession session, const Status& refused) {
  const std::string& camera = camera_of_.at(session);
  telemetry_->metrics().eye_refused(camera);
  if (!refused_logged_.insert(session).second) return;
  journal().warn(
      "camera {}: refused what its eye says: {}; if the clock of this machine is right and nothing "
      "else is wrong, its eye may be taken over: restart it (logged once a connection)",
      camera, refused.error().message);
}

void Daemon::end_overdue_tracks() {
  for (auto& [session, bounds] : bounds_of_) {
    const std::string& camera = camera_of_.at(session);
    for (const TrackEnded& over : bounds.overdue(steady_now())) {
      // Its last look is long ago, perhaps by another setting of the clock: it decides nothing any
      // more, and the visit lasted as long as the last sighting said.
      const auto customer = recognition_->decided(camera, over.track);
      (void)recognition_->end_track(camera, over.track);
      if (customer) stop_if_store_failed(shop_->desk().left(*customer));
    }
  }
}

void Daemon::handle(EyeSession session, Sighting& sighting) {
  const std::string camera = camera_of_.at(session);
  const Status admitted = bounds_of_.at(session).admit(sighting, wall_now(), steady_now());
  if (!admitted) return refuse(session, admitted);
  const auto matches = recognition_->observe(camera, sighting);
  if (!matches) return stop_if_store_failed(tl::unexpected(matches.error()));
  arrivals(session, *matches);
  if (const auto customer = recognition_->decided(camera, sighting.track)) {
    stop_if_store_failed(shop_->desk().seen(*customer, sighting.at));
  }
}

void Daemon::handle(EyeSession session, const TrackEnded& ended) {
  const Status admitted = bounds_of_.at(session).admit(ended, wall_now());
  if (!admitted) return refuse(session, admitted);
  const std::string camera = camera_of_.at(session);
  const auto customer = recognition_->decided(camera, ended.track);
  const bool compared = recognition_->knows(camera, ended.track);
  const auto matches = recognition_->end_track(camera, ended.track);
  const bool decided_last = std::any_of(matches.begin(), matches.end(), [&](const Match& match) {
    return match.track == ended.track;
  });
  arrivals(session, matches);
  if (compared && !customer && !decided_last) shop_->vigilance().visitor(camera, ended.at);
  if (!customer) return;
  stop_if_store_failed(shop_->desk().seen(*customer, ended.at));
  stop_if_store_failed(shop_->desk().left(*customer));
}

void Daemon::handle(EyeSession session, const EyeHealth& health) {
  const std::string& camera = camera_of_.at(session);
  cameras_.report(camera, health, steady_now());
}

void Daemon::arrivals(EyeSession session, const std::vector<Match>& matches) {
  for (const Match& match : matches) {
    // The last look at a track may be older than the setting of the clock. By the new clock it may
    // lie hours ahead or hours back: nobody arrives then.
    if (!bounds_of_.at(session).is_of_now(match.at, wall_now())) continue;
    telemetry_->metrics().recognised(match);
    stop_if_store_failed(shop_->arrive(match));
  }
}

void Daemon::eye_closed(EyeSession session) {
  bounds_of_.erase(session);
  refused_logged_.erase(session);
  process_of_.erase(session);
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
