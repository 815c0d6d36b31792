// Whether the system lets keys be kept out of swap.
#pragma once

#include "maitred/base/result.h"

namespace maitred {

// Error: memory_not_locked (kEnvironment), which says what limit to raise. Thread-safe, after
// initialise_crypto (secret.h).
Status check_locked_memory();

}  // namespace maitred
