#include "maitred/eye/vision/load_engine.h"

#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <opencv2/core/utility.hpp>

#include "maitred/eye/vision/demo_embedder.h"
#include "maitred/eye/vision/dlib_detector.h"
#include "maitred/eye/vision/network_embedder.h"
#include "maitred/eye/vision/yunet.h"

namespace maitred {
namespace {

Result<std::filesystem::path> file_for(const EngineSources& sources, const std::string& role) {
  const auto found = sources.files.find(role);
  if (found == sources.files.end()) {
    return environment_error("model_missing",
                             fmt::format("engine {} has no {} file; run: maitredctl models fetch",
                                         sources.engine, role));
  }
  return found->second;
}

Result<std::unique_ptr<FaceEmbedder>> make_embedder(const EngineSources& sources,
                                                    const std::filesystem::path& file) {
  if (sources.engine == "retail") {
    return make_network_embedder(file, retail_spec(), sources.backend, sources.precision);
  }
  if (sources.engine == "sface") return make_network_embedder(file, sface_spec(), sources.backend);
  if (sources.engine == "dlib") return make_network_embedder(file, dlib_spec(), sources.backend);
  if (sources.engine == "demo") return make_demo_embedder(file, sources.backend);
  return input_error("engine_unknown",
                     fmt::format("there is no engine \"{}\"; [models] engine takes retail, dlib, "
                                 "sface or demo",
                                 sources.engine));
}

}  // namespace

Result<Engine> load_engine(const EngineSources& sources) {
  MAITRED_ASSIGN(const std::filesystem::path embedder_file, file_for(sources, "embedder"));
  // Each camera has an eye process, and the processes share the cores better than threads would.
  cv::setNumThreads(1);
  Engine engine;
  engine.name = sources.engine;
  MAITRED_ASSIGN(engine.embedder, make_embedder(sources, embedder_file));
  if (sources.engine == "demo") {
    MAITRED_ASSIGN(const std::filesystem::path landmarks, file_for(sources, "landmarks"));
    MAITRED_ASSIGN(engine.detector, make_dlib_detector(landmarks));
  } else {
    MAITRED_ASSIGN(const std::filesystem::path detector, file_for(sources, "detector"));
    YunetOptions options;
    options.backend = sources.backend;
    options.precision = sources.precision;
    MAITRED_ASSIGN(engine.detector, make_yunet_detector(detector, options));
  }
  const auto near = sources.files.find("liveness");
  const auto wide = sources.files.find("liveness_wide");
  if (near != sources.files.end() && wide != sources.files.end()) {
    MAITRED_ASSIGN(LivenessDetector liveness,
                   LivenessDetector::load(near->second, wide->second, sources.backend));
    engine.liveness = std::make_unique<LivenessDetector>(std::move(liveness));
  }
  return engine;
}

}  // namespace maitred
