// Lists camera devices and their formats without taking a picture, and checks them against the
// configuration.
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
  double fps = 0.0;  // maximum; 0 if the driver does not report it
};

struct CameraDevice {
  std::string source;            // value for the configuration: the by-id path if one exists
  std::filesystem::path device;  // /dev/videoN
  std::string name;              // reported by the driver
  std::vector<CameraFormat> formats;
};

// Returns every video capture device that this user may open. Omits metadata nodes.
std::vector<CameraDevice> list_cameras();

// Returns the device's name and formats. Errors: camera_absent, camera_refused (no permission),
// not_a_camera; all kEnvironment.
Result<CameraDevice> describe_camera(const std::filesystem::path& device);

// Measurements of a short test capture. All zero if the camera delivered no frame.
struct CameraTrial {
  double fps = 0.0;
  int width_px = 0;
  int height_px = 0;
  double mean_light = 0.0;  // grey level, 0 to 255
};

// Pure. Compare the device's formats and the test capture with the configuration.
Findings judge_formats(const CameraSettings& camera, const CameraDevice& device);
Findings judge_trial(const CameraSettings& camera, const CameraTrial& trial);
// Pure. Checks that zone, dwell and min_face fit together. Width 0 means unknown.
Findings judge_placement(const CameraSettings& camera, int width_px);

}  // namespace maitred
