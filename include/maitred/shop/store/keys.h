// The keys that open a store, and their rotation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"
#include "maitred/shop/store/key_source.h"

namespace maitred {

class Vault;

struct KeySlot {
  std::int64_t number = 0;
  std::string kind;   // "file", "credential" or "passphrase"
  std::string label;  // in the admin's words; stands in clear in the file
  std::optional<WallTime> made;
  bool in_use = false;  // the store was opened with it
};

struct RotationProgress {
  std::uint64_t done = 0;  // customers sealed anew
  std::uint64_t total = 0;
  bool finished = false;
};

// Any one slot opens the store. Slots come and go without a row being sealed anew: they hold the
// root key, each sealed to its own key.
//
// A rotation makes a new root key, a new epoch and new data keys, and for a key file a new key. It
// goes in steps, each of them a transaction; after a crash at any point the store opens with the
// key file that is there, and the next step goes on where it was. Slots stay: the new root key is
// sealed to each of them. What does not change: the receipts' signing key, the rotation of
// templates, the keys of blind index, audit chain and tokens.
// Errors of all: store_failed, store_corrupt, and those of reading a key (key_source.h).
// Thread-compatible; part of a Store and not to outlive it.
class Keys {
 public:
  Keys(Vault& vault, std::int64_t in_use) : vault_(vault), in_use_(in_use) {}

  Result<std::vector<KeySlot>> slots() const;
  // Makes the key file of a source of kind kFile if there is none. The number of the slot. Errors:
  // slot_exists (kInput) when the key has one already, field_invalid, too_many_slots (kInput).
  Result<std::int64_t> add(const KeyAccess& key, const std::string& label, const Actor& actor);
  // Errors: unknown_slot (kInput), slot_in_use (kInput) for the one the store was opened with.
  Status remove(std::int64_t number, const Actor& actor);

  // `key` is the one the store was opened with. With `keep_key` a key file stays as it is. One
  // that was begun earlier is gone on with. Error: file_unwritable for the new key file.
  Status begin_rotation(const KeyAccess& key, bool keep_key, const Actor& actor);
  bool rotating() const;
  // The next few customers. Requires rotating(). The last step ends the rotation.
  Result<RotationProgress> rotate_some(const KeyAccess& key, std::size_t customers,
                                       const Actor& actor);

 private:
  Status new_root(const KeyAccess* next, const Actor& actor);
  Status switch_key_file(const KeyAccess& key, const Actor& actor);
  Status drop_slot(std::int64_t number, WallTime at);  // and it stays away after a restore

  Vault& vault_;
  std::int64_t in_use_;
};

// A copy of a key access; secrets are copied into locked memory.
KeyAccess copy_of(const KeyAccess& key);

}  // namespace maitred
