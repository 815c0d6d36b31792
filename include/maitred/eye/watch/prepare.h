// Turns the configuration into the options and the engine of an eye.
#pragma once

#include <string_view>

#include "maitred/base/result.h"
#include "maitred/eye/vision/load_engine.h"
#include "maitred/eye/watch/eye_app.h"
#include "maitred/models/verify.h"
#include "maitred/settings/settings.h"

namespace maitred {

// Finds the files of [models].engine, verifies their checksums and loads them. kOfCamera loads
// liveness only if the configuration requires it for cameras. Errors: those of locate and
// load_engine; liveness_missing (kEnvironment).
enum class EngineUse { kEverything, kOfCamera, kWithoutLiveness };
Result<Engine> prepare_engine(const Settings& settings,
                              EngineUse use = EngineUse::kWithoutLiveness);

// Returns the options of the named camera. The socket of the core lies beside the store or in
// `runtime_directory` ($RUNTIME_DIRECTORY, may be null). Errors: camera_unknown (kInput);
// demo_engine_refused (kInput), for the demo engine on a real camera without
// recognition.allow_demo_engine.
Result<EyeOptions> prepare_eye(const Settings& settings, std::string_view camera,
                               const char* runtime_directory);

}  // namespace maitred
