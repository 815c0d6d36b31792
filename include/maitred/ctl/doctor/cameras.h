// Cameras: which devices there are and what they offer, as the kernel says without taking a
// picture; and what the configuration wants of them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/ctl/doctor/finding.h"
#include "maitred/settings/settings.h"

namespace maitred {

struct CameraFormat {
  std::string pixels;  // "MJPG", "YUYV", ...
  int width_px = 0;
  int height_px = 0;
  double fps = 0.0;  // the fastest; 0 where the driver does not say
};

struct CameraDevice {
  std::string source;            // for the configuration: the by-id name where there is one
  std::filesystem::path device;  // /dev/videoN
  std::string name;              // as the driver calls it
  std::vector<CameraFormat> formats;
};

// Every video capture device that this user may open. A camera's metadata nodes are left out.
std::vector<CameraDevice> list_cameras();

// Errors: camera_absent, camera_refused (no permission), not_a_camera; all kEnvironment.
Result<CameraDevice> describe_camera(const std::filesystem::path& device);

// What the camera gave when it was tried. Zero frames: nothing came.
struct CameraTrial {
  double fps = 0.0;
  int width_px = 0;
  int height_px = 0;
  double mean_light = 0.0;  // 0 to 255
};

// Pure. Whether the formats, what came, and what is wanted go together.
Findings judge_formats(const CameraSettings& camera, const CameraDevice& device);
Findings judge_trial(const CameraSettings& camera, const CameraTrial& trial);
// Pure. Zone, dwell and smallest face against each other; width 0: unknown.
Findings judge_placement(const CameraSettings& camera, int width_px);

}  // namespace maitred
