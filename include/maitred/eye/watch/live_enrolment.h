// Enrolment of who stands before a camera: hints while it lasts, the best templates at its end.
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
  std::size_t photos = 5;   // the best ones
  Milliseconds apart{400};  // so that they show the person in several moments
  Milliseconds hint_every{200};
  Similarity another_person_below{0.22F};  // of the engine
};

// Each frame gives, at most every `hint_every`, {"hint":"come closer","good":2,"seconds_left":3.1};
// the last line is {"photos":[...]}, the best frames, each as report_photo has it. Files take the
// time of their positions. Errors: no_good_picture (kInput) with what was wrong most of the time;
// several_people (kInput): the good frames do not show one person; camera_lost, ...
Status enrol_live(FrameSource& source, Engine& engine, const LiveEnrolment& options,
                  const std::function<void(const std::string& line)>& say);

}  // namespace maitred
