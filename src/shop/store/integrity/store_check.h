// Opening everything, to see that it opens.
#pragma once

#include <cstdint>

#include "maitred/base/result.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// See Store::check.
Result<std::uint64_t> check_rows(Vault& vault);

// The audit chain alone.
Result<std::uint64_t> check_audit(Vault& vault);

}  // namespace maitred
