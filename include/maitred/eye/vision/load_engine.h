// From an engine's name and files to its detector and embedder: the one place that knows the
// classes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "maitred/eye/inference/network.h"
#include "maitred/eye/vision/engine.h"
#include "maitred/eye/vision/liveness.h"

namespace maitred {

// Files by their role in models/manifest.toml, SHA-256 already checked: "detector", "embedder"
// (an IR's .xml; its .bin lies beside it), "landmarks" (demo).
struct EngineSources {
  std::string engine;  // retail, dlib, sface or demo
  std::map<std::string, std::filesystem::path> files;
  Backend backend = Backend::kAuto;
  Precision precision = Precision::kFloat;  // of YuNet and of retail's embedder
};

struct Engine {
  std::string name;
  std::unique_ptr<FaceDetector> detector;
  std::unique_ptr<FaceEmbedder> embedder;
  std::unique_ptr<LivenessDetector> liveness;  // where its two files are given
};

// Sets this process to do its image arithmetic on one thread. Errors: engine_unknown (kInput),
// model_missing (a role without a file), and those of load_network.
Result<Engine> load_engine(const EngineSources& sources);

}  // namespace maitred
