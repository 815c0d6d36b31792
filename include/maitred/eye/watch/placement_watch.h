// Measures how a camera sees the people who pass it, to judge its place. Reports numbers; keeps no
// pictures and makes no templates.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/eye/capture/frame_source.h"
#include "maitred/eye/vision/load_engine.h"

namespace maitred {

struct PlacementWatch {
  Milliseconds duration{60'000};
  std::array<double, 4> zone = {0.0, 0.0, 1.0, 1.0};  // x0, y0, x1, y1 as fractions
  Milliseconds tell_every{500};
};

// Says every half second {"seconds_left":…,"people":…}, at the end {"placement":{"frames":…,
// "seconds":…,"width":…,"height":…,"people":[{"frames":…,"zone_ms":…,"in_zone":…,"width_px":…,
// "sharpness":…,"mean_light":…,"yaw":…,"pitch":…,"quality":…}]}}: for each track the longest time
// in the zone and the best face there, or the best face anywhere if it never entered (zone_ms 0).
// At most 200 people. For a file the position is the time. Errors: those of the source;
// inference_failed.
Status watch_placement(FrameSource& source, Engine& engine, const PlacementWatch& watch,
                       const std::function<void(const std::string& line)>& say);

}  // namespace maitred
