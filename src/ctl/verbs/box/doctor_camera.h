// Whether a camera hangs where it can recognise those who walk up to it.
#pragma once

#include <string>

#include "src/ctl/verbs/verbs.h"

namespace maitred {

// Looks at the live faces before one camera for so many seconds, with a progress bar; a daemon's
// eye is paused meanwhile. The findings, "people" and "expected_misses". Errors: camera_unknown
// and those of the camera.
Result<Answer> report_placement(Session& session, const std::string& name, double seconds);

}  // namespace maitred
