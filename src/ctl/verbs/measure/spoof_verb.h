// evaluate --spoof: error rates of liveness on a folder of presentations.
#pragma once

#include <string>

#include "src/ctl/session.h"

namespace maitred {

// DIR/live/* and DIR/KIND/*: photos, films, or folders of pictures that are films. Adds "spoof" to
// the object, and the text. With `report`, also a page. Errors: no_photos, file_missing (kInput),
// liveness_missing (kEnvironment), and those of the photos' process.
Result<Answer> evaluate_spoof(Session& session, const std::string& folder,
                              const std::string& report);

}  // namespace maitred
