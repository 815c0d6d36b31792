// Seals again what hangs on the seed, during a rotation of keys.
#pragma once

#include "src/shop/store/rows/records_json.h"
#include "vault.h"

namespace maitred {

// Seals up to `rows` more rows under the present seed, and moves `state` on. True when none is
// left; the audit chain is not part of it. Requires a transaction. Error: store_corrupt.
Result<bool> reseal_some(Vault& vault, RotationState& state, std::size_t rows);

}  // namespace maitred
