// From the configuration to what an eye runs with.
#pragma once

#include <string_view>

#include "maitred/base/result.h"
#include "maitred/eye/vision/load_engine.h"
#include "maitred/eye/watch/eye_app.h"
#include "maitred/models/verify.h"
#include "maitred/settings/settings.h"

namespace maitred {

// Finds the files of [models].engine, holds them to the manifest and loads them. Errors: those of
// locate and load_engine.
// kOfCamera: with liveness where the configuration wants it of cameras. Error: liveness_missing
// (kEnvironment).
enum class EngineUse { kEverything, kOfCamera, kWithoutLiveness };
Result<Engine> prepare_engine(const Settings& settings,
                              EngineUse use = EngineUse::kWithoutLiveness);

// What the named camera is to do, with the socket of the core beside the store or in
// `runtime_directory` ($RUNTIME_DIRECTORY, may be null). Errors: camera_unknown (kInput);
// demo_engine_refused (kInput): the demo engine on a real camera without
// recognition.allow_demo_engine.
Result<EyeOptions> prepare_eye(const Settings& settings, std::string_view camera,
                               const char* runtime_directory);

}  // namespace maitred
