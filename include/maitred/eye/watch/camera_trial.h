// Measures what a camera delivers, for `maitredctl doctor` and `setup`.
#pragma once

#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/eye/capture/frame_source.h"

namespace maitred {

// Opens the source, reads frames for `duration` after the first one, and returns one JSON object:
//   {"frames":…,"fps":…,"width":…,"height":…,"mean_light":…}
// Analyses and keeps nothing. May block as long as the decoder does. Errors: those of open_source
// and FrameSource::read.
Result<std::string> try_camera(const CaptureOptions& options, Milliseconds duration);

}  // namespace maitred
