// Sources of the key that opens a store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/base/secret.h"

namespace maitred {

// kPublic is the public half of a key file's key pair. A backup can be sealed to it, but it opens
// nothing. No configuration names it.
enum class KeyKind { kFile, kCredential, kPassphrase, kPublic };

struct KeySource {
  KeyKind kind = KeyKind::kFile;
  // Path of the file, name of the credential, the public key in base64; empty for a passphrase.
  std::string where;

  // "file:PATH", "credential:NAME" (systemd; no slash in it) or "passphrase".
  // Error: key_source_invalid (kInput).
  static Result<KeySource> parse(std::string_view text);
};

// Cost of Argon2id for a new passphrase slot. An existing slot keeps its own.
struct PassphraseCost {
  std::uint64_t operations = 3;
  std::uint64_t memory_bytes = 256ULL << 20;
};

// A source and what is needed to read it. This module reads no environment variable itself.
struct KeyAccess {
  KeySource source;
  std::filesystem::path credentials_folder;  // $CREDENTIALS_DIRECTORY; for kCredential
  SecretBytes passphrase;                    // for kPassphrase
  PassphraseCost cost;
};

// A key file holds 32 random bytes, or 64 hexadecimal digits, so that a key can be typed or made
// with other tools. It must be a regular file of mode 0600 or 0400 that belongs to the user who
// runs the program or to root.
//
// Errors of reading a key, all kEnvironment and all naming the file and what to do:
// - key_missing: no such file or credential, no passphrase given
// - key_permissions: others may read it, or it belongs to someone else
// - key_invalid: not a key

// Creates the key file of `access` if it is missing, and returns its public half in base64. The
// public half can only seal. Requires kind kFile. Errors as above.
Result<std::string> provide_key_pair(const KeyAccess& access);

}  // namespace maitred
