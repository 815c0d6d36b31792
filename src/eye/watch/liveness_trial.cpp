#include "maitred/eye/watch/liveness_trial.h"

#include <nlohmann/json.hpp>

#include "maitred/base/json.h"
#include "maitred/eye/tracking/liveness_fusion.h"
#include "maitred/eye/vision/face_motion.h"
#include "maitred/eye/watch/photo_report.h"
#include "run_clock.h"

namespace maitred {

Result<std::string> report_liveness(FrameSource& source, Engine& engine, std::size_t most) {
  if (!engine.liveness) {
    return environment_error("liveness_missing",
                             "the liveness models are missing, or recognition.liveness is off; "
                             "run: maitredctl models fetch");
  }
  LivenessFusion fusion(LivenessRules{.least_frames = 1, .most_frames = most});
  FaceMotion motion;
  RunClock clock;
  std::size_t frames = 0;
  while (fusion.frames() < most) {
    MAITRED_ASSIGN(const auto frame, source.read());
    if (!frame) break;
    ++frames;
    MAITRED_ASSIGN(const auto face, main_face(engine, frame->image.view));
    if (!face) continue;
    MAITRED_ASSIGN(const float score, engine.liveness->score(frame->image.view, *face));
    fusion.add(score);
    fusion.add_change(motion.change(frame->image.view, *face), clock.at(*frame));
  }
  nlohmann::json report = {{"frames", frames},
                           {"faces", fusion.frames()},
                           {"liveness", nullptr},
                           {"moves", nullptr},
                           {"live_from", kLiveFrom}};
  if (fusion.frames() > 0) report["liveness"] = fusion.score();
  if (const auto moves = fusion.moves()) report["moves"] = *moves;
  return json_text(report);
}

}  // namespace maitred
