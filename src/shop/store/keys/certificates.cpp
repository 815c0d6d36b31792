#include "certificates.h"

#include <sodium.h>

#include <cstring>

#include "signing.h"
#include "src/shop/store/rows/setting_rows.h"

namespace maitred {
namespace {

constexpr std::string_view kCertificatesKey = "slot_certificates";
constexpr std::size_t kRowBytes = sizeof(std::int64_t) + sizeof(Digest);

}  // namespace

Bytes backup_signer(const Vault& vault) {
  return signing_public_key(vault.subkey(Purpose::kBackupSigning));
}

SecretBytes voucher_of(const SecretBytes& key) {
  Digest digest = keyed_hash(key.span(), "maitred backup");
  SecretBytes voucher = SecretBytes::copy_of(digest);
  sodium_memzero(digest.data(), digest.size());
  return voucher;
}

Bytes certificate_of(const SecretBytes& voucher, const std::string& store_id, ByteView signer) {
  Bytes message(store_id.begin(), store_id.end());
  message.insert(message.end(), signer.begin(), signer.end());
  const Digest digest = keyed_hash(voucher.span(), message);
  return {digest.begin(), digest.end()};
}

Result<Certificates> read_certificates(Vault& vault) {
  MAITRED_ASSIGN(const auto bytes, read_setting(vault, kCertificatesKey));
  Certificates certificates;
  if (!bytes) return certificates;
  if (bytes->size() % kRowBytes != 0) return vault.corrupt("settings", kCertificatesKey);
  for (auto row = bytes->begin(); row != bytes->end(); row += kRowBytes) {
    std::int64_t slot = 0;
    std::memcpy(&slot, &*row, sizeof slot);
    certificates[slot] = Bytes(row + sizeof slot, row + kRowBytes);
  }
  return certificates;
}

Status put_certificates(Vault& vault, const Certificates& certificates) {
  Bytes bytes;
  for (const auto& [slot, certificate] : certificates) {
    const auto* number = reinterpret_cast<const std::uint8_t*>(&slot);
    bytes.insert(bytes.end(), number, number + sizeof slot);
    bytes.insert(bytes.end(), certificate.begin(), certificate.end());
  }
  return put_setting(vault, kCertificatesKey, bytes);
}

Status put_certificate(Vault& vault, std::int64_t slot, const Bytes& certificate) {
  MAITRED_ASSIGN(Certificates certificates, read_certificates(vault));
  certificates[slot] = certificate;
  return put_certificates(vault, certificates);
}

Status drop_certificate(Vault& vault, std::int64_t slot) {
  MAITRED_ASSIGN(Certificates certificates, read_certificates(vault));
  if (certificates.erase(slot) == 0) return {};
  return put_certificates(vault, certificates);
}

Status certify_slot(Vault& vault, std::int64_t slot, const SecretBytes& voucher) {
  const Bytes certificate = certificate_of(voucher, vault.store_id(), backup_signer(vault));
  MAITRED_ASSIGN(const Certificates present, read_certificates(vault));
  const auto found = present.find(slot);
  if (found != present.end() && found->second == certificate) return {};
  return vault.transact([&] { return put_certificate(vault, slot, certificate); });
}

}  // namespace maitred
