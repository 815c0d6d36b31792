#include "maitred/doors/eyes/camera_states.h"

#include <algorithm>

namespace maitred {

CameraStates::CameraStates(const std::vector<std::string>& names) {
  for (const std::string& name : names) cameras_[name].order = cameras_.size();
}

void CameraStates::reconfigure(const std::vector<std::string>& names) {
  std::erase_if(cameras_, [&names](const auto& item) {
    return std::find(names.begin(), names.end(), item.first) == names.end();
  });
  for (std::size_t i = 0; i < names.size(); ++i) cameras_[names[i]].order = i;
}

void CameraStates::connected(const std::string& camera, Timestamp now) {
  Entry& entry = cameras_.at(camera);
  entry.connected = true;
  entry.last = now;
  entry.health = {};
}

void CameraStates::report(const std::string& camera, const EyeHealth& health, Timestamp now) {
  Entry& entry = cameras_.at(camera);
  entry.health = health;
  entry.last = now;
}

void CameraStates::message_received(const std::string& camera, Timestamp now) {
  cameras_.at(camera).last = now;
}

void CameraStates::disconnected(const std::string& camera) {
  cameras_.at(camera).connected = false;
}

EyeState CameraStates::state_of(const Entry& entry, Timestamp now) {
  if (entry.health.state == EyeState::kEnded) return EyeState::kEnded;
  if (!entry.connected) return EyeState::kConnecting;
  return now - entry.last > kStallAfter ? EyeState::kStalled : entry.health.state;
}

EyeState CameraStates::state_of(const std::string& camera, Timestamp now) const {
  return state_of(cameras_.at(camera), now);
}

std::vector<CameraState> CameraStates::states(Timestamp now) const {
  std::vector<std::pair<std::size_t, CameraState>> ordered;
  for (const auto& [name, entry] : cameras_) {
    CameraState state{name, state_of(entry, now), entry.health};
    if (state.state != EyeState::kRunning) state.health.fps = 0.0;
    ordered.emplace_back(entry.order, std::move(state));
  }
  std::sort(ordered.begin(), ordered.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<CameraState> states;
  for (auto& [order, state] : ordered) states.push_back(std::move(state));
  return states;
}

bool CameraStates::all_ended() const {
  return std::all_of(cameras_.begin(), cameras_.end(), [](const auto& item) {
    return !item.second.connected && item.second.health.state == EyeState::kEnded;
  });
}

}  // namespace maitred
