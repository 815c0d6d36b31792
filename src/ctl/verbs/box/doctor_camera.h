// Checks whether a camera is placed where it can recognise people who walk up to it.
#pragma once

#include <string>

#include "src/ctl/verbs/verbs.h"

namespace maitred {

// Watches faces in front of one camera for `seconds`, with a progress bar. Pauses the daemon's eye
// meanwhile. Returns the findings, "people" and "expected_misses". Errors:
// camera_unknown, and the errors of the camera.
Result<Answer> report_placement(Session& session, const std::string& name, double seconds);

}  // namespace maitred
