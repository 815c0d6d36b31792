#include "sealing.h"

#include <fmt/format.h>
#include <sodium.h>

#include "maitred/base/check.h"

namespace maitred {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kPurposes = 17;
constexpr char kKdfContext[crypto_kdf_CONTEXTBYTES + 1] = "maitred1";

// Version of the sealed form, then the place. The row comes last, because it alone may contain a
// bar.
std::string associated_data(std::string_view store_id, const Place& place) {
  return fmt::format("1|{}|{}|{}|{}", store_id, place.epoch, place.table, place.row);
}

bool decrypt(ByteView key, const std::string& data, ByteView sealed, std::uint8_t* into) {
  return crypto_aead_xchacha20poly1305_ietf_decrypt(
             into, nullptr, nullptr, sealed.data() + kNonceBytes, sealed.size() - kNonceBytes,
             bytes_of(data).data(), data.size(), sealed.data(), key.data()) == 0;
}

}  // namespace

Subkeys::Subkeys(const SecretBytes& seed) : all_(kPurposes * kKeyBytes) {
  static_assert(kKeyBytes == crypto_kdf_KEYBYTES);
  for (std::size_t id = 1; id < kPurposes; ++id) {
    crypto_kdf_derive_from_key(all_.data() + id * kKeyBytes, kKeyBytes, id, kKdfContext,
                               seed.data());
  }
}

ByteView Subkeys::of(Purpose purpose) const {
  return all_.span().subspan(static_cast<std::size_t>(purpose) * kKeyBytes, kKeyBytes);
}

Bytes seal(ByteView key, std::string_view store_id, const Place& place, ByteView clear) {
  static_assert(kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  MAITRED_CHECK(key.size() == kKeyBytes);
  const std::string data = associated_data(store_id, place);
  Bytes sealed(kNonceBytes + clear.size() + kTagBytes);
  randombytes_buf(sealed.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + kNonceBytes, nullptr, clear.data(),
                                             clear.size(), bytes_of(data).data(), data.size(),
                                             nullptr, sealed.data(), key.data());
  return sealed;
}

std::optional<ClearBytes> unseal(ByteView key, std::string_view store_id, const Place& place,
                                 ByteView sealed) {
  MAITRED_CHECK(key.size() == kKeyBytes);
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  ClearBytes clear(sealed.size() - kNonceBytes - kTagBytes);
  if (!decrypt(key, associated_data(store_id, place), sealed, clear.data())) return std::nullopt;
  return clear;
}

bool unwrap(ByteView key, std::string_view store_id, const Place& place, ByteView sealed,
            SecretBytes& into) {
  MAITRED_CHECK(key.size() == kKeyBytes);
  if (sealed.size() != kNonceBytes + into.size() + kTagBytes) return false;
  return decrypt(key, associated_data(store_id, place), sealed, into.data());
}

Digest keyed_hash(ByteView key, ByteView message) {
  Digest digest{};
  crypto_generichash(digest.data(), digest.size(), message.data(), message.size(), key.data(),
                     key.size());
  return digest;
}

Digest keyed_hash(ByteView key, std::string_view message) {
  return keyed_hash(key, bytes_of(message));
}

}  // namespace maitred
