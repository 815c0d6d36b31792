// Turns the key setting of the configuration into access to the key.
#pragma once

#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/shop/store/key_source.h"

namespace maitred {

// Key sources of the environment; main reads them from environment variables.
struct KeySurroundings {
  const char* credentials_folder = nullptr;  // $CREDENTIALS_DIRECTORY, set by systemd
  const char* passphrase_file = nullptr;     // $MAITRED_PASSPHRASE_FILE: its first line
  bool confirm = false;                      // ask for a new passphrase twice
};

// Where a passphrase comes from: the first line of the file if there is one, else the terminal,
// without echo.
struct PassphraseQuestion {
  const char* file = nullptr;
  std::string_view variable;  // the environment variable that names the file; for messages
  std::string_view prompt;
  bool confirm = false;
};
// Errors: key_missing (kEnvironment); with `confirm` also passphrase_differs and passphrase_short
// (kInput).
Result<SecretBytes> read_passphrase(const PassphraseQuestion& question);

// Checks that a new passphrase is long enough. Older, shorter ones still open a store. Error:
// passphrase_short (kInput).
Status check_new_passphrase(const SecretBytes& passphrase);

// Parses the setting `key` and reads the passphrase if it names one. Errors: key_source_invalid
// (kInput), key_missing (kEnvironment).
Result<KeyAccess> key_access(const std::string& key, const KeySurroundings& surroundings);

}  // namespace maitred
