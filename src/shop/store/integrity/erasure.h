// Erases customers so that no key is left that opens bytes which may survive.
#pragma once

#include <vector>

#include "maitred/base/result.h"
#include "maitred/shop/store/audit.h"
#include "maitred/shop/store/receipt.h"
#include "maitred/types/ids.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// See Store::forget.
Result<Receipt> erase(Vault& vault, const CustomerId& id, const Actor& actor);

// Erases several customers in one epoch. Returns a receipt each, in the same order.
Result<std::vector<Receipt>> erase_all(Vault& vault, const std::vector<CustomerId>& ids,
                                       const Actor& actor);

// See Store::receipt_of.
Result<Receipt> issue_receipt(Vault& vault, const CustomerId& id);

// Notes in the store that this index (erasure_list.h) was erased, unless that is noted already.
// Requires a transaction.
Status note_erasure(Vault& vault, const Bytes& index, const Tombstone& erasure);

}  // namespace maitred
