// What eyes and maitredctl say to the core.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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
    journal().warn("an eye for camera '{}', which the configuration does not have, is sent away",
                   hello.camera);
    return eyes_->disconnect(session);
  }
  if (hello.engine != recognition_->engine() ||
      hello.template_length != recognition_->template_length()) {
    journal().warn("camera {}: its eye runs engine '{}', the core '{}': restart the eye",
                   hello.camera, hello.engine, recognition_->engine());
    return eyes_->disconnect(session);
  }
  // The newer one counts: the older may be a decoder that hangs.
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
  if (!matches) return heed(tl::unexpected(matches.error()));
  arrivals(*matches);
  if (const auto customer = recognition_->decided(camera, sighting.track)) {
    heed(shop_->desk().seen(*customer, sighting.at));
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
  heed(shop_->desk().seen(*customer, ended.at));
  heed(shop_->desk().left(*customer));
}

void Daemon::handle(EyeSession session, const EyeHealth& health) {
  const std::string& camera = camera_of_.at(session);
  cameras_.report(camera, health, steady_now());
}

void Daemon::arrivals(const std::vector<Match>& matches) {
  for (const Match& match : matches) {
    telemetry_->metrics().recognised(match);
    if (shop_->vigilance().suspended(match.camera) || recognition_->suspended(match.customer)) {
      journal().debug("camera {}: no alert, suspended after false ones", match.camera);
      continue;
    }
    heed(shop_->desk().arrive(match));
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

// For an enrolment before the camera: the verb of maitredctl opens it itself meanwhile.
Result<nlohmann::json> Daemon::pause_camera(const nlohmann::json& args) {
  const auto camera = args.at("camera").get<std::string>();
  if (!supervisor_) {
    if (!session_of_.contains(camera)) return nlohmann::json{{"paused", true}};
    return environment_error(
        "camera_in_use",
        fmt::format(
            "maitred-eye holds camera '{0}'; for the enrolment stop it with 'systemctl stop "
            "maitred-eye@{0}', and start it again afterwards",
            camera));
  }
  const double seconds = std::clamp(args.at("seconds").get<double>(), 1.0, 240.0);
  if (!supervisor_->pause(camera, Milliseconds{static_cast<std::int64_t>(seconds * 1000.0)})) {
    return input_error("camera_unknown", "the daemon has no such camera; restart it");
  }
  return nlohmann::json{{"paused", true}, {"free", supervisor_->is_gone(camera)}};
}

nlohmann::json Daemon::live_status() {
  nlohmann::json cameras = nlohmann::json::array();
  for (const CameraState& camera : cameras_.states(steady_now())) {
    cameras.push_back({{"name", camera.name},
                       {"state", state_word(camera.state)},
                       {"fps", camera.health.fps},
                       {"frames", camera.health.frames},
                       {"dropped", camera.health.dropped},
                       {"faces", camera.health.faces},
                       {"tracks", camera.health.tracks},
                       {"embeddings", camera.health.embeddings},
                       {"not_live", camera.health.not_live},
                       {"backend", camera.health.backend},
                       {"note", camera.health.note}});
  }
  nlohmann::json integrations = nlohmann::json::array();
  const auto told = integrations_ ? integrations_->states() : std::vector<CourierState>{};
  for (const CourierState& state : told) {
    integrations.push_back({{"name", state.name},
                            {"state", state.delivering ? "delivering" : "retrying"},
                            {"waiting", state.waiting},
                            {"delivered", state.delivered},
                            {"trouble", state.trouble}});
  }
  return {
      {"running", true},
      {"cameras", std::move(cameras)},
      {"integrations", std::move(integrations)},
      {"staff_connected", staff_ ? staff_->clients() : 0},
      {"staff_listen",
       fmt::format("{}:{}", shop_->settings().staff.listen.address, staff_ ? staff_->port() : 0)},
      {"board_listen",
       board_ ? fmt::format("{}:{}", shop_->settings().board.listen.address, board_->port()) : ""},
      {"metrics_listen",
       telemetry_->port() == 0
           ? ""
           : fmt::format("{}:{}", shop_->settings().metrics.address, telemetry_->port())},
      {"eye_restarts", supervisor_ ? supervisor_->restarts() : 0}};
}

}  // namespace maitred
