// The best pictures of who stands before a camera, for enrolment and at the desk.
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

// The reports of maitred-eye, a list; hints on the terminal while it lasts. A device that the
// daemon's eye holds is paused meanwhile. Errors: camera_unknown, no_good_picture, several_people
// (kInput); camera_in_use, trial_failed, ... (kEnvironment).
Result<nlohmann::json> photos_of_camera(Session& session, const CameraPhotos& wanted);

}  // namespace maitred
