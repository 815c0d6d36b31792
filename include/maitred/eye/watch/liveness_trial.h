// Judges a film of one presentation as a camera would judge a track.
#pragma once

#include <cstddef>
#include <string>

#include "maitred/base/result.h"
#include "maitred/eye/capture/frame_source.h"
#include "maitred/eye/vision/load_engine.h"

namespace maitred {

// Returns one JSON object in one line:
// {"frames":F,"faces":N,"liveness":S,"moves":M,"live_from":T}. The most prominent face of each
// frame counts; at most `most` are fused. "liveness" is null without a face, "moves" if the film is
// too short. Errors: liveness_missing (kEnvironment) if the engine has no liveness models; those
// of the source; inference_failed.
Result<std::string> report_liveness(FrameSource& source, Engine& engine, std::size_t most = 24);

}  // namespace maitred
