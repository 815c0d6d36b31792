// What ends when a customer does not consent any more.
#pragma once

#include <vector>

#include "maitred/base/result.h"
#include "maitred/shop/store/audit.h"
#include "maitred/shop/store/visits.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Kept photos go, open visits end as withdrawn, open alerts become withdrawn with new seqs, and are
// returned. Within a transaction.
Result<std::vector<StoredAlert>> end_as_withdrawn(Vault& vault, const CustomerId& id,
                                                  const Actor& actor);

}  // namespace maitred
