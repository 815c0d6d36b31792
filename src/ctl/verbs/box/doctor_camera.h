// Checks whether a camera hangs where it can recognise people who walk up to it.
#pragma once

#include <string>

#include "src/ctl/verbs/verbs.h"

namespace maitred {

// Looks at the live faces in front of one camera for some seconds, with a progress bar; pauses the
// daemon's eye meanwhile. Returns the findings, "people" and "expected_misses". Errors:
// camera_unknown and those of the camera.
Result<Answer> report_placement(Session& session, const std::string& name, double seconds);

}  // namespace maitred
