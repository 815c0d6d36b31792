// Withdrawing a consent, and what ends with it.
#pragma once

#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"
#include "maitred/shop/store/visits.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Withdraws `newest`, the customer's newest consent, at `at`. Every withdrawal goes this way, also
// one that a restore replays. Kept photos are deleted, open visits end as withdrawn, and open
// alerts become withdrawn with new seqs; these alerts are returned. `detail` is for the audit
// chain. Requires a transaction, and a consent that is not withdrawn.
Result<std::vector<StoredAlert>> withdraw_consent(Vault& vault, const CustomerId& id,
                                                  Consent newest, WallTime at, const Actor& actor,
                                                  std::string_view detail);

}  // namespace maitred
