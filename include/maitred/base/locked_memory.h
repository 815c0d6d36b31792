// Checks that keys can be kept out of swap.
#pragma once

#include "maitred/base/result.h"

namespace maitred {

// Error: memory_not_locked (kEnvironment), which names the limit to raise. Requires
// initialise_crypto (secret.h). Thread-safe.
Status check_locked_memory();

}  // namespace maitred
