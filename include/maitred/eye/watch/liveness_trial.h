// A film of one presentation to a camera, judged as a track before it would be.
#pragma once

#include <cstddef>
#include <string>

#include "maitred/base/result.h"
#include "maitred/eye/capture/frame_source.h"
#include "maitred/eye/vision/load_engine.h"

namespace maitred {

// One JSON object in one line: {"frames":F,"faces":N,"liveness":S,"moves":M,"live_from":T}; of each
// frame the most prominent face counts, at most `most` of them are fused; "liveness" is null
// without a face, "moves" where the film is too short to tell. Errors: liveness_missing
// (kEnvironment) when the engine has no liveness models; those of the source; inference_failed.
Result<std::string> report_liveness(FrameSource& source, Engine& engine, std::size_t most = 24);

}  // namespace maitred
