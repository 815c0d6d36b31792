// Erasing a customer so that no key is left that opens what may remain of the bytes.
#pragma once

#include "maitred/base/result.h"
#include "maitred/store/audit.h"
#include "maitred/store/receipt.h"
#include "maitred/types/ids.h"
#include "vault.h"

namespace maitred {

// See Store::forget.
Result<Receipt> erase(Vault& vault, const CustomerId& id, const Actor& actor);

}  // namespace maitred
