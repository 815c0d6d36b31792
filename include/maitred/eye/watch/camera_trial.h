// A look at what a camera really gives, for `maitredctl doctor` and `setup`.
#pragma once

#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/eye/capture/frame_source.h"

namespace maitred {

// Opens the source, takes its pictures for `duration` after the first, and says in one JSON object
//   {"frames":…,"fps":…,"width":…,"height":…,"mean_light":…}
// Nothing is analysed or kept. May block as long as the decoder does. Errors: those of open_source
// and of reading.
Result<std::string> try_camera(const CaptureOptions& options, Milliseconds duration);

}  // namespace maitred
