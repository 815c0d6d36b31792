// Where the key that opens a store comes from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/base/secret.h"

namespace maitred {

// kPublic: the public half of a key file's key pair, to which a backup can be sealed; it opens
// nothing. It stands in no configuration.
enum class KeyKind { kFile, kCredential, kPassphrase, kPublic };

struct KeySource {
  KeyKind kind = KeyKind::kFile;
  // Path of the file, name of the credential, the public key in base64; empty for a passphrase.
  std::string where;

  // "file:PATH", "credential:NAME" (systemd; no slash in it) or "passphrase".
  // Error: key_source_invalid (kInput).
  static Result<KeySource> parse(std::string_view text);
};

// What Argon2id may cost when a new passphrase slot is made. An existing slot keeps its own.
struct PassphraseCost {
  std::uint64_t operations = 3;
  std::uint64_t memory_bytes = 256ULL << 20;
};

// A source and what is needed to read it; the module reads no environment variable itself.
struct KeyAccess {
  KeySource source;
  std::filesystem::path credentials_folder;  // $CREDENTIALS_DIRECTORY; for kCredential
  SecretBytes passphrase;                    // for kPassphrase
  PassphraseCost cost;
};

// A key file holds 32 random bytes; 64 hexadecimal digits are read as well, so that a key can be
// typed or made with other tools. It must be a regular file of mode 0600 or 0400 that belongs to
// the user who runs the program or to root.
//
// Errors of reading a key, all kEnvironment and all naming the file and what to do:
// - key_missing: no such file or credential, no passphrase given
// - key_permissions: others may read it, or it belongs to someone else
// - key_invalid: not a key

// Makes the key file of `access`, which is of kind kFile, where it is missing; its public half,
// base64. Whoever has only that can seal to it. Errors as above.
Result<std::string> provide_key_pair(const KeyAccess& access);

}  // namespace maitred
