// Settings that were kept as raw memory up to schema 3, turned into versioned records.
#pragma once

#include "maitred/base/result.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Rewrites the state of a rotation and the times of upkeep. Requires a transaction.
// Error: store_corrupt.
Status rewrite_raw_settings(Vault& vault);

}  // namespace maitred
