// Does a camera hang where it can recognise those who come? Judged from a minute of their faces.
// Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/ctl/doctor/finding.h"
#include "maitred/settings/settings.h"

namespace maitred {

// Somebody who passed, by the best face of the track (eye/placement_watch.h).
struct PersonSeen {
  bool in_zone = false;
  Milliseconds zone_time{0};  // longest stay in it
  double width_px = 0.0;
  double sharpness = 0.0;   // about 1, less when blurred
  double mean_light = 0.0;  // grey, 0 to 255
  double yaw = 0.0;         // -1 .. 1, 0 frontal
  double pitch = 0.0;       // above 0: the nose nearer to the mouth, seen from above
  double quality = 0.0;     // 0 to 1
};

// Why somebody would have been missed whatever the threshold; the first that holds.
enum class Unseen { kNot, kNeverInZone, kTooSmall, kTooShort };
Unseen why_unseen(const CameraSettings& camera, const PersonSeen& person);

// The share of visits by such people that would be missed: all whom the camera never sees well, and
// of the others `miss_rate` (of good photos), more for poorer faces.
double expected_misses(const CameraSettings& camera, const std::vector<PersonSeen>& people,
                       double miss_rate);

// What is wrong, and what to move; a good finding with the figures when nothing is.
Findings judge_people(const CameraSettings& camera, const std::vector<PersonSeen>& people,
                      double seconds, double miss_rate);

}  // namespace maitred
