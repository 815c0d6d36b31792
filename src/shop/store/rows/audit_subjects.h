// Audit rows up to schema 4, which named customers under a key of the store.
#pragma once

#include "maitred/base/result.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Seals what the rows of the chain say about customers under their keys, drops it where the
// customer is erased, and links the chain anew. Checks the old links. Requires a transaction.
// Error: store_corrupt.
Status seal_audit_subjects(Vault& vault);

}  // namespace maitred
