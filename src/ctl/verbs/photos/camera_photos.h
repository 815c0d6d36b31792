// Takes the best pictures of the person in front of a camera, for enrolment and at the desk.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "photo_probe.h"
#include "src/ctl/session.h"

namespace maitred {

struct CameraPhotos {
  std::string camera;  // a [[camera]] of the configuration
  double seconds = 5.0;
  PhotoPurpose purpose = PhotoPurpose::kEnrol;
};

// Returns the reports of maitred-eye, a list. Shows hints on the terminal meanwhile, and pauses the
// daemon's eye if it holds the device. Errors: camera_unknown, no_good_picture, several_people
// (kInput); camera_in_use, trial_failed, ... (kEnvironment).
Result<nlohmann::json> photos_of_camera(Session& session, const CameraPhotos& wanted);

}  // namespace maitred
