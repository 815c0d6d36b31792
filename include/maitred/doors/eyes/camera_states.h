// The state of each camera, as its eye reports it. Pure state.
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
  EyeHealth health;  // of the newest report
};

// Bound to one thread; time comes in.
class CameraStates {
 public:
  static constexpr Milliseconds kStallAfter{1500};

  explicit CameraStates(const std::vector<std::string>& names);

  // Replaces the list of cameras. Cameras that stay keep their state.
  void reconfigure(const std::vector<std::string>& names);

  bool known(std::string_view camera) const { return cameras_.contains(camera); }
  void connected(const std::string& camera, Timestamp now);
  void report(const std::string& camera, const EyeHealth& health, Timestamp now);
  void message_received(const std::string& camera, Timestamp now);
  void disconnected(const std::string& camera);

  // Returns the cameras in the order of the configuration. The state of a camera is kStalled if its
  // eye is connected but silent, kConnecting if its eye is gone, and kEnded if its eye reported the
  // end of its file.
  std::vector<CameraState> states(Timestamp now) const;
  // The state of one camera, as in `states`. Requires a known camera.
  EyeState state_of(const std::string& camera, Timestamp now) const;
  // True if every eye has reported the end of its file and has left.
  bool all_ended() const;

 private:
  struct Entry;
  static EyeState state_of(const Entry& entry, Timestamp now);

  struct Entry {
    std::size_t order = 0;
    bool connected = false;
    Timestamp last{};
    EyeHealth health;
  };
  std::map<std::string, Entry, std::less<>> cameras_;
};

}  // namespace maitred
