// The pipeline of one frame, as plain calls on one thread: plan -> detect -> track -> grade quality
// -> plan -> align -> embed -> fuse. Pixels come in, sightings go out.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/eye/vision/load_engine.h"
#include "maitred/types/image.h"
#include "maitred/types/sighting.h"
#include "maitred/types/template.h"

namespace maitred {

struct AnalysisOptions {
  bool from_file = false;
  std::array<double, 4> zone = {0.0, 0.0, 1.0, 1.0};  // x0, y0, x1, y1 as fractions of the frame
  Milliseconds dwell{700};                            // time in the zone before the first template
  int min_face_px = 60;
  // A frame less similar than this to its track may show another person. Depends on the engine.
  Similarity another_person_below{0.22F};
  // Time between sightings of a track whose template does not change.
  Milliseconds repeat{3000};
  // Sends no sighting of a track until its face counts as live. Requires an engine with liveness.
  bool only_live = false;
};

struct AnalysisCounts {
  std::uint64_t frames = 0;
  std::uint64_t detections = 0;  // frames that the detector ran on
  std::uint64_t faces = 0;
  std::uint64_t tracks = 0;
  std::uint64_t embeddings = 0;
  std::uint64_t not_live = 0;  // tracks that ended as pictures of faces
};

// Time spent in each stage since the start.
struct AnalysisTimes {
  std::chrono::nanoseconds gate{0};
  std::chrono::nanoseconds detect{0};
  std::chrono::nanoseconds quality{0};
  std::chrono::nanoseconds embed{0};  // includes alignment
  std::chrono::nanoseconds total{0};
};

// The detector runs when something has moved, when a track in view lacks templates, and
// periodically (tracking/detection_plan.h); mostly on the zone and its surroundings only. In the
// frames between, tracks continue by prediction. Extra frames are used only while a new person is
// in view. Faces outside the zone, or before the end of their dwell time, are detected and tracked
// but never embedded. Templates of a track are wiped when it ends. Bound to one thread.
class Analysis {
 public:
  Analysis(Engine engine, AnalysisOptions options);
  ~Analysis();
  Analysis(Analysis&&) noexcept;

  // Returns the sightings and ended tracks of this frame, in order. Requires frames ordered by
  // time. Error: inference_failed.
  Result<std::vector<EyeMessage>> analyse(const Frame& frame);
  // Ends every track. No more frames follow.
  std::vector<EyeMessage> finish(WallTime at);

  AnalysisCounts counts() const;
  AnalysisTimes times() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maitred
