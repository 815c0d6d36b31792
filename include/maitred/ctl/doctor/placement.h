// Judges from about a minute of observed faces whether a camera is placed where it can recognise
// people. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/ctl/doctor/finding.h"
#include "maitred/settings/settings.h"

namespace maitred {

// A person who passed the camera, described by the best face of the track
// (eye/placement_watch.h).
struct PersonSeen {
  bool in_zone = false;
  Milliseconds zone_time{0};  // longest uninterrupted stay in the zone
  double width_px = 0.0;
  double sharpness = 0.0;   // about 1; lower if blurred
  double mean_light = 0.0;  // grey level, 0 to 255
  double yaw = 0.0;         // -1 to 1; 0 is frontal
  double pitch = 0.0;       // above 0: seen from above (the nose appears closer to the mouth)
  double quality = 0.0;     // 0 to 1
};

// Why a person would be missed at any threshold. The first matching reason is reported.
enum class Unseen { kNot, kNeverInZone, kTooSmall, kTooShort };
Unseen why_unseen(const CameraSettings& camera, const PersonSeen& person);

// Returns the expected share of visits by such people that are missed. A person with a reason of
// why_unseen counts as missed; any other with `miss_rate` (the rate for good photos), or a multiple
// of it if face quality is low. Returns 1 if `people` is empty.
double expected_misses(const CameraSettings& camera, const std::vector<PersonSeen>& people,
                       double miss_rate);

// Returns a finding for each problem, with advice where to move the camera, and one with the
// figures. The latter is good if no problem is found.
Findings judge_people(const CameraSettings& camera, const std::vector<PersonSeen>& people,
                      double seconds, double miss_rate);

}  // namespace maitred
