// Seals values: XChaCha20-Poly1305 with a random nonce, bound to the place of the row.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/secret.h"
#include "src/shop/store/database/database.h"

namespace maitred {

// Decrypted bytes, wiped on destruction.
using ClearBytes = WipedVector<std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;

inline constexpr std::size_t kKeyBytes = 32;

// The place of a sealed value. It is part of the associated data, so the value opens nowhere else.
// Data keys outlive epochs: only wrapped group keys and the epoch key carry an epoch, other rows
// have 0.
struct Place {
  std::string_view table;
  std::string row;
  std::uint64_t epoch = 0;
};

// Purposes of the subkeys. The numbers are part of the format.
enum class Purpose : std::uint8_t {
  kBlindIndex = 1,
  kRotation = 2,
  kAudit = 3,
  kAuditLink = 4,
  kDigest = 5,
  kReceipts = 6,
  kSettings = 7,
  kLedger = 8,
  kTokens = 9,
  kTombstones = 10,
  kStaff = 11,
  kWitness = 12,
  kErasures = 13,
  kConsentTexts = 14,
  kBackup = 15,
  kBackupSigning = 16,
};

// All subkeys in one block of locked memory, derived from a seed that stays when the root key
// changes. Thread-compatible.
class Subkeys {
 public:
  Subkeys() = default;
  explicit Subkeys(const SecretBytes& seed);
  ByteView of(Purpose purpose) const;

 private:
  SecretBytes all_;
};

// Returns nonce (24 bytes) + ciphertext + tag (16 bytes). Requires a key of kKeyBytes.
Bytes seal(ByteView key, std::string_view store_id, const Place& place, ByteView clear);
// Nothing if it does not open: another key, another place, or altered bytes.
std::optional<ClearBytes> unseal(ByteView key, std::string_view store_id, const Place& place,
                                 ByteView sealed);
// As unseal, for a wrapped key: decrypts into locked memory of the key's size.
bool unwrap(ByteView key, std::string_view store_id, const Place& place, ByteView sealed,
            SecretBytes& into);

// Keyed BLAKE2b-256.
Digest keyed_hash(ByteView key, ByteView message);
Digest keyed_hash(ByteView key, std::string_view message);

inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace maitred
