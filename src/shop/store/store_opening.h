// How a store comes into being, and what is checked before one that exists may be used.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/shop/store/store.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/integrity/witness.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Writes a whole new store into the empty file `built`, which nobody else uses yet.
Status build_store(const std::filesystem::path& built, const KeyAccess& key, const Actor& actor);

// Error: store_corrupt if there is no such row.
Result<std::string> read_meta(Database& database, std::string_view key);

// Gives a slot of schema 1 its public key, once the key is at hand.
Status upgrade_slot(Vault& vault, std::int64_t number, const Bytes& public_key);

// Checks the file as far as `kept` does not vouch for it: a file that was closed in order is known
// to its last bit; of any other one, every page and row is checked. Error: store_corrupt.
Status check_file(Vault& vault, int schema_version, const std::optional<WitnessRecord>& kept);

// Compares the store's generation with the one that the witness last saw, and its erasures with the
// list beside it. Has the witness follow from now on. `slot` is the key slot in use. Error:
// store_older, unless `options` accepts an older store.
Status check_age(Vault& vault, Witness& witness, const Result<std::optional<WitnessRecord>>& kept,
                 const OpenOptions& options, std::int64_t slot);

// If a read fails, reports page damage first: it is the likely cause, and says what to do.
template <class Answer>
Answer unless_damaged(Database& database, Answer answer) {
  if (answer) return answer;
  MAITRED_TRY(check_pages(database));
  return answer;
}

}  // namespace maitred
