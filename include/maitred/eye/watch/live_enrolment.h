// Enrols the person in front of a camera: hints during the capture, the best templates at the end.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/eye/capture/frame_source.h"
#include "maitred/eye/vision/load_engine.h"
#include "maitred/eye/watch/photo_report.h"
#include "maitred/types/template.h"

namespace maitred {

struct LiveEnrolment {
  Purpose purpose = Purpose::kEnrol;
  Milliseconds duration{5000};
  std::size_t photos = 5;   // number of best frames kept
  Milliseconds apart{400};  // least time between them, so that they differ
  Milliseconds hint_every{200};
  Similarity another_person_below{0.22F};  // depends on the engine
};

// Says {"hint":"come closer","good":2,"seconds_left":3.1} at most every `hint_every`, and as the
// last line {"photos":[...]}: the best frames, each in the form of report_photo. For a file the
// position is the time. Errors: no_good_picture (kInput), with the most frequent fault;
// several_people (kInput), if the good frames show more than one person; those of the source.
Status enrol_live(FrameSource& source, Engine& engine, const LiveEnrolment& options,
                  const std::function<void(const std::string& line)>& say);

}  // namespace maitred
