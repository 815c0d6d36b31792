// From the word in the configuration to what opens the store.
#pragma once

#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/shop/store/key_source.h"

namespace maitred {

// What the surroundings of the program offer; main reads it from the environment.
struct KeySurroundings {
  const char* credentials_folder = nullptr;  // $CREDENTIALS_DIRECTORY, of systemd
  const char* passphrase_file = nullptr;     // $MAITRED_PASSPHRASE_FILE: its first line
  bool confirm = false;                      // a new passphrase is asked for twice
};

// A passphrase from the first line of the file, else asked for on the terminal without echo.
struct PassphraseQuestion {
  const char* file = nullptr;
  std::string_view variable;  // that names such a file; for messages
  std::string_view prompt;
  bool confirm = false;
};
// Errors: key_missing (kEnvironment), passphrase_differs, passphrase_short (kInput) where it is to
// be confirmed.
Result<SecretBytes> read_passphrase(const PassphraseQuestion& question);

// Whether it is long enough to seal something with from now on; older ones still open. Error:
// passphrase_short (kInput).
Status check_new_passphrase(const SecretBytes& passphrase);

// A passphrase is read from the file, else asked for on the terminal without echo. Errors:
// key_source_invalid (kInput), key_missing (kEnvironment).
Result<KeyAccess> key_access(const std::string& key, const KeySurroundings& surroundings);

}  // namespace maitred
