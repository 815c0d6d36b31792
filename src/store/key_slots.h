// Reading keys, and the slots in which each of them wraps the root key.
#pragma once

#include <string>

#include "database.h"
#include "maitred/base/result.h"
#include "maitred/base/secret.h"
#include "maitred/store/key_source.h"

namespace maitred {

// "the key file PATH", "the credential NAME" or "the passphrase"; for messages.
std::string describe(const KeySource& source);

// Makes the key file of a source of kind kFile, durably, if there is none; true when it did.
// Otherwise checks that the key can be read. Errors as in key_source.h.
Result<bool> provide_key(const KeyAccess& access);

// Seals `root` into a new slot for this key. Errors as in key_source.h.
Status add_slot(Database& database, const std::string& store_id, const KeyAccess& access,
                const SecretBytes& root);

// The root key, from the slot this key fits. Errors: key_wrong, store_corrupt, and those of
// reading the key.
Result<SecretBytes> open_slot(Database& database, const std::string& store_id,
                              const KeyAccess& access);

}  // namespace maitred
