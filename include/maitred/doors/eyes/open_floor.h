// Cameras that look at the open floor are there by a decision, and the decision is on record.
#pragma once

#include <vector>

#include "maitred/settings/settings.h"
#include "maitred/shop/store/store.h"

namespace maitred {

// Writes the text of acknowledge_open_floor into the audit chain, for each camera whose mode or
// text has changed since it was last written there. Errors: those of the store.
Status note_open_floors(Store& store, const std::vector<CameraSettings>& cameras,
                        const Actor& actor);

}  // namespace maitred
