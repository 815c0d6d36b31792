// Reads keys from their sources.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/base/secret.h"
#include "maitred/shop/store/key_source.h"
#include "src/shop/store/database/database.h"

namespace maitred {

// "file", "credential" or "passphrase".
std::string_view key_kind_word(KeyKind kind);

// "the key file PATH", "the credential NAME" or "the passphrase"; for messages.
std::string describe(const KeySource& source);

// Creates the key file of a source of kind kFile, durably, if it is missing, and returns true.
// Otherwise checks that the key can be read. Errors as in key_source.h.
Result<bool> provide_key(const KeyAccess& access);

// Reads the key of a key file or credential. Errors as in key_source.h.
Result<SecretBytes> read_key_file(const KeyAccess& access);

// Parameters of Argon2id besides the passphrase.
struct Stretching {
  Bytes salt;
  std::uint64_t operations = 0;
  std::uint64_t memory_bytes = 0;
};

// Derives the key from the passphrase. Errors: key_missing; key_invalid if it costs too much
// memory.
Result<SecretBytes> stretch(const KeyAccess& access, const Stretching& argon);

}  // namespace maitred
