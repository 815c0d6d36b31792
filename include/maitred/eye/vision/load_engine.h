// Makes the detector and embedder of an engine from its name and files. The only place that knows
// their classes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "maitred/eye/inference/network.h"
#include "maitred/eye/vision/engine.h"
#include "maitred/eye/vision/liveness.h"

namespace maitred {

// Files by their role in models/manifest.toml: "detector", "embedder" (for an IR its .xml, with the
// .bin beside it), "landmarks" (demo). The caller has checked their SHA-256.
struct EngineSources {
  std::string engine;  // retail, dlib, sface or demo
  std::map<std::string, std::filesystem::path> files;
  Backend backend = Backend::kAuto;
  Precision precision = Precision::kFloat;  // of YuNet and the retail embedder
};

struct Engine {
  std::string name;
  std::unique_ptr<FaceDetector> detector;
  std::unique_ptr<FaceEmbedder> embedder;
  std::unique_ptr<LivenessDetector> liveness;  // null unless both of its files are given
};

// Also limits OpenCV to one thread in this process. Errors: engine_unknown (kInput), model_missing
// (a role without a file), and those of load_network.
Result<Engine> load_engine(const EngineSources& sources);

}  // namespace maitred
