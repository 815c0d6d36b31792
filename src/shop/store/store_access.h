// Access of backup and restore to the core of a store. Private to this module.
#pragma once

#include <filesystem>

#include "maitred/base/file.h"
#include "maitred/base/result.h"
#include "maitred/shop/store/store.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

class StoreAccess {
 public:
  static Vault& vault(Store& store);
  // Closes the store's file and returns the lock.
  static UniqueFd close(Store& store);
  // As Store::open, for a caller that holds the lock.
  static Result<Store> open(const std::filesystem::path& path, const KeyAccess& key, UniqueFd lock,
                            const OpenOptions& options = {});
};

}  // namespace maitred
