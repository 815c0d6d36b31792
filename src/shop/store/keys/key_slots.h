// Slots: a secret (the root key of a store, the key of a backup) sealed to each of several keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "key_reading.h"
#include "maitred/base/result.h"
#include "maitred/base/secret.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/key_source.h"
#include "src/shop/store/database/database.h"

namespace maitred {

// A key pair (X25519) is derived from each key. The secret is sealed to the public half, which
// stands in the slot. So a new secret can be put into a slot whose key is not at hand: `key rotate`
// keeps a recovery passphrase this way. A slot without a public key is of schema 1, where the key
// itself sealed the secret.
struct SlotRecord {
  std::int64_t number = 0;
  std::string kind;  // key_kind_word
  Bytes salt;        // of Argon2id; empty for other kinds
  std::uint64_t operations = 0;
  std::uint64_t memory_bytes = 0;
  Bytes proof;       // tells a wrong key from a damaged slot; empty if only the public half was at
                     // hand
  Bytes public_key;  // 32 bytes, or empty
  Bytes wrapped;
  std::string label;
  WallTime made{};
  Bytes certificate;  // for the store's signature of backups (certificates.h); not in the table
};

struct OpenedSlot {
  std::int64_t number = 0;
  SecretBytes secret;
  Bytes public_key;     // the public half that belongs to the key
  SecretBytes voucher;  // for certificates
};

// Makes a slot for this key with the secret in it. `table` and the number bind it to its place. It
// vouches for `signer`, unless only a public key is given.
// Errors as in key_source.h, and public_key_invalid (kInput).
Result<SlotRecord> make_slot(const KeyAccess& access, const std::string& store_id,
                             std::string_view table, std::int64_t number, const SecretBytes& secret,
                             ByteView signer);

// Puts another secret into a slot that has a public key.
void refill_slot(SlotRecord& slot, const std::string& store_id, std::string_view table,
                 const SecretBytes& secret);

// The secret, from the slot this key fits; none when it fits none. Errors: store_corrupt, those of
// reading the key.
Result<std::optional<OpenedSlot>> open_slots(const std::vector<SlotRecord>& slots,
                                             const std::string& store_id, std::string_view table,
                                             const KeyAccess& access);

// The slots of a store, in order of their numbers.
Result<std::vector<SlotRecord>> read_slots(Database& database, int schema_version);
Status insert_slot(Database& database, const SlotRecord& slot);
// Writes proof, public key and secret of the slot with this number.
Status update_slot(Database& database, const SlotRecord& slot);

inline constexpr std::string_view kSlotsTable = "key_slots";

// The root key. Errors: key_wrong, store_corrupt, and those of reading the key.
Result<OpenedSlot> open_root(Database& database, int schema_version, const std::string& store_id,
                             const KeyAccess& access);

}  // namespace maitred
