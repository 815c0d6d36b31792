// Key slots of a store, and the rotation of keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/secret.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"
#include "maitred/shop/store/key_source.h"

namespace maitred {

class Vault;
struct RotationState;

struct KeySlot {
  std::int64_t number = 0;
  std::string kind;   // "file", "credential" or "passphrase"
  std::string label;  // written by the admin; stands in clear in the file
  std::optional<WallTime> made;
  bool in_use = false;  // the store was opened with this slot
};

struct RotationProgress {
  std::uint64_t done = 0;  // customers with a new key
  std::uint64_t total = 0;
  bool finished = false;
};

// Each slot opens the store: it holds the root key, sealed to the slot's own key. Adding or
// removing a slot therefore seals no row again.
//
// A rotation makes a new root key, a new seed of the subkeys, a new epoch and new data keys, and
// for a key file a new key. It runs in steps, each of them a transaction. After a crash at any
// point, the store opens with the key file that is there, and the next step continues. Slots stay:
// the new root key is sealed to each of them. When it has finished, the old key and an old copy
// open nothing of the store and prove nothing to it. The rotation of templates and the hashes of
// tokens stay (keys/key_ring.h).
//
// Errors of every call: store_failed, store_corrupt, and those of reading a key (key_source.h).
// Thread-compatible; part of a Store, which must outlive it.
class Keys {
 public:
  // `voucher` belongs to the key of the slot in use (keys/certificates.h).
  Keys(Vault& vault, std::int64_t in_use, SecretBytes voucher)
      : vault_(vault), in_use_(in_use), voucher_(std::move(voucher)) {}

  Result<std::vector<KeySlot>> slots() const;
  // Adds a slot for this key and returns its number. Creates the key file of a source of kind kFile
  // if it is missing. Errors: slot_exists (kInput) if the key has a slot already, field_invalid,
  // too_many_slots (kInput).
  Result<std::int64_t> add(const KeyAccess& key, const std::string& label, const Actor& actor);
  // Errors: unknown_slot (kInput), slot_in_use (kInput) for the slot that the store was opened
  // with.
  Status remove(std::int64_t number, const Actor& actor);

  // Begins a rotation, or continues an earlier one. `key` is the key that the store was opened
  // with. With `keep_key` the key file stays. Error: file_unwritable for the new key file.
  Status begin_rotation(const KeyAccess& key, bool keep_key, const Actor& actor);
  // Begins one because of a restore: the key file stays, and backups that the store made before are
  // still known as its own.
  Status renew_after_restore(const Actor& actor);
  bool rotating() const;
  // Lets the slot in use vouch for the store's backups.
  Status certify();
  // Rotates the keys of up to `customers` customers. Requires rotating(). The last step ends the
  // rotation.
  Result<RotationProgress> rotate_some(const KeyAccess& key, std::size_t customers,
                                       const Actor& actor);

 private:
  enum class Why { kRotation, kRestore };
  Status new_root(const KeyAccess* next, Why why, const Actor& actor);
  Status switch_key_file(const KeyAccess& key, const Actor& actor);
  Result<bool> rekey_some(RotationState& state, std::size_t customers);
  Result<bool> move_seed_some(RotationState& state, std::size_t rows);
  Status end_rotation(const Actor& actor);
  // Deletes the slot and notes that, so that a restore does not bring it back.
  Status drop_slot(std::int64_t number, WallTime at);

  Vault& vault_;
  std::int64_t in_use_;
  SecretBytes voucher_;
};

// Copies a key access; secrets are copied into locked memory.
KeyAccess copy_of(const KeyAccess& key);

}  // namespace maitred
