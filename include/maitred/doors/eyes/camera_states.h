// What the core knows of its cameras from what their eyes say. Pure state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/sighting.h"

namespace maitred {

struct CameraState {
  std::string name;
  EyeState state = EyeState::kConnecting;
  EyeHealth health;  // the newest
};

// Bound to one thread; time comes in.
class CameraStates {
 public:
  static constexpr Milliseconds kStallAfter{1500};

  explicit CameraStates(const std::vector<std::string>& names);

  // Other cameras from now on; those that stay keep their state.
  void reconfigure(const std::vector<std::string>& names);

  bool known(std::string_view camera) const { return cameras_.contains(camera); }
  void connected(const std::string& camera, Timestamp now);
  void report(const std::string& camera, const EyeHealth& health, Timestamp now);
  void heard(const std::string& camera, Timestamp now);
  void disconnected(const std::string& camera);

  // In the order of the configuration. An eye that is connected but silent is stalled; one that is
  // gone is connecting, unless it said that its file has ended.
  std::vector<CameraState> states(Timestamp now) const;
  // Every camera has said so and has left.
  bool all_ended() const;

 private:
  struct Entry {
    std::size_t order = 0;
    bool connected = false;
    Timestamp last{};
    EyeHealth health;
  };
  std::map<std::string, Entry, std::less<>> cameras_;
};

}  // namespace maitred
