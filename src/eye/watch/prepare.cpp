#include "maitred/eye/watch/prepare.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "maitred/base/log.h"

namespace maitred {
namespace {

// The threshold of the engine's calibration at FMR 1e-2: a frame below it rarely shows the same
// person. An engine without a calibration gets retail's.
Similarity another_person_below(const ModelEngine& engine) {
  constexpr double kFmr = 1e-2;
  constexpr float kRetail = 0.22F;
  const auto point = std::find_if(
      engine.calibration.begin(), engine.calibration.end(),
      [](const CalibrationPoint& at) { return at.fmr > 0.3 * kFmr && at.fmr < 3.0 * kFmr; });
  return {point == engine.calibration.end() ? kRetail : static_cast<float>(point->threshold)};
}

// A camera is read at this multiple of its usual rate, so that a new person gets extra frames.
constexpr double kBurst = 3.0;

Status check_demo(const Settings& settings, const CameraSettings& camera) {
  const Result<const ModelEngine*> engine = Manifest::built_in().engine(settings.engine);
  if (!engine || !(*engine)->is_demo()) return {};
  if (is_live_source(camera.source) && !settings.allow_demo_engine) {
    return input_error(
        "demo_engine_refused",
        fmt::format("camera \"{}\": the engine \"{}\" knows drawn people only and is refused for a "
                    "real camera; run: maitredctl models fetch, and set [models] engine = "
                    "\"retail\"",
                    camera.name, settings.engine));
  }
  journal().warn(
      "THE ENGINE \"{}\" KNOWS DRAWN PEOPLE ONLY: it will not recognise real ones. Run: "
      "maitredctl models fetch, and set [models] engine = \"retail\"",
      settings.engine);
  return {};
}

}  // namespace

Result<Engine> prepare_engine(const Settings& settings, EngineUse use) {
  MAITRED_ASSIGN(const EngineFiles files, locate(Manifest::built_in(), settings.engine,
                                                 settings.models_dir, shipped_model_folders()));
  EngineSources sources;
  sources.engine = files.engine.name;
  sources.files = files.by_role_name();
  // A camera has many frames of a face and little time for each; a photo gets full precision.
  if (use == EngineUse::kOfCamera) sources.precision = Precision::kInt8;
  const bool wanted = use == EngineUse::kEverything ? settings.liveness_at_desk
                      : use == EngineUse::kOfCamera ? settings.liveness_at_cameras
                                                    : false;
  if (!wanted) {
    sources.files.erase("liveness");
    sources.files.erase("liveness_wide");
  }
  if (use == EngineUse::kOfCamera && settings.liveness_at_cameras &&
      !sources.files.contains("liveness")) {
    return environment_error("liveness_missing",
                             "recognition.liveness = \"always\", but the liveness models are "
                             "missing; run: maitredctl models fetch, or set it to \"desk\"");
  }
  return load_engine(sources);
}

Result<EyeOptions> prepare_eye(const Settings& settings, std::string_view camera,
                               const char* runtime_directory) {
  MAITRED_ASSIGN(const CameraSettings* const found, settings.named_camera(camera));
  MAITRED_TRY(check_demo(settings, *found));
  MAITRED_ASSIGN(const ModelEngine* const engine, Manifest::built_in().engine(settings.engine));

  EyeOptions options;
  options.camera = found->name;
  options.socket = runtime_folder(settings, runtime_directory) / "eye.sock";
  CaptureOptions& capture = options.capture.capture;
  capture.camera = found->name;
  capture.source = found->source;
  capture.fps = found->fps;
  capture.burst = kBurst;
  capture.realtime = found->realtime;
  capture.loop = found->loop;
  // A slow camera has not stalled.
  options.capture.stalled_after =
      std::max(Milliseconds{1500}, Milliseconds(std::llround(3000.0 / found->fps)));
  options.analysis.from_file = !is_live(source_kind(found->source));
  options.analysis.zone = found->zone;
  options.analysis.dwell = found->dwell;
  options.analysis.min_face_px = found->min_face_px;
  options.analysis.another_person_below = another_person_below(*engine);
  options.analysis.only_live = settings.liveness_at_cameras;
  if (found->mode == CameraMode::kOpen) {
    options.analysis.zone = {0.0, 0.0, 1.0, 1.0};
    options.analysis.dwell = Milliseconds{0};
  }
  return options;
}

}  // namespace maitred
