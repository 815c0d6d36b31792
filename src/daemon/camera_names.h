#pragma once

#include <string>
#include <vector>

#include "maitred/settings/settings.h"

namespace maitred {

// Returns the names of the configured cameras, in order.
inline std::vector<std::string> camera_names(const Settings& settings) {
  std::vector<std::string> names;
  for (const CameraSettings& camera : settings.cameras) names.push_back(camera.name);
  return names;
}

}  // namespace maitred
