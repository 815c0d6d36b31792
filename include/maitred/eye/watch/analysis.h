// What happens to one frame: worth a look? -> detect -> track -> quality -> plan -> align -> embed
// -> fuse, as plain calls on one thread. Pixels come in, sightings go out.
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
  Milliseconds dwell{700};                            // in the zone before anything is embedded
  int min_face_px = 60;
  // A frame less similar than this to its track shows perhaps another person; of the engine.
  Similarity another_person_below{0.22F};
  // Of a track whose template stays as it is: still there.
  Milliseconds repeat{3000};
  // Nothing is said of a track before its frames are taken for those of a live face. Requires an
  // engine with liveness.
  bool only_live = false;
};

struct AnalysisCounts {
  std::uint64_t frames = 0;
  std::uint64_t looks = 0;  // frames in which the detector was run
  std::uint64_t faces = 0;
  std::uint64_t tracks = 0;
  std::uint64_t embeddings = 0;
  std::uint64_t not_live = 0;  // tracks that ended as pictures of faces
};

// Where the time went, summed since the start.
struct AnalysisTimes {
  std::chrono::nanoseconds gate{0};
  std::chrono::nanoseconds detect{0};
  std::chrono::nanoseconds quality{0};
  std::chrono::nanoseconds embed{0};  // with alignment
  std::chrono::nanoseconds total{0};
};

// The detector runs when something has moved or somebody in view lacks templates, and now and then
// (tracking/look_plan.h); mostly on the zone and its surroundings only. In the frames between,
// tracks go on by prediction. Extra frames are used only while somebody new is in view.
// Faces outside the zone, or not yet dwelling in it, are detected and tracked but never embedded.
// Templates of a track are wiped when it ends. Bound to one thread.
class Analysis {
 public:
  Analysis(Engine engine, AnalysisOptions options);
  ~Analysis();
  Analysis(Analysis&&) noexcept;

  // Sightings and ended tracks of this frame, in order. Requires frames in the order of their
  // time. Error: inference_failed.
  Result<std::vector<EyeMessage>> analyse(const Frame& frame);
  // Ends every track: no more frames will come.
  std::vector<EyeMessage> finish(WallTime at);

  AnalysisCounts counts() const;
  AnalysisTimes times() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace maitred
