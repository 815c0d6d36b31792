// Certificates of key slots. Sealing to a slot's public key proves nothing about who sealed, so a
// slot also vouches for the store's signature of backups: its certificate is a keyed hash that only
// its own key makes. It is written whenever the slot's key is at hand.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "vault.h"

namespace maitred {

// The public half (Ed25519) of the key with which the store signs its backups.
Bytes backup_signer(const Vault& vault);

// The key for certificates that belongs to a slot's key.
SecretBytes voucher_of(const SecretBytes& key);
Bytes certificate_of(const SecretBytes& voucher, const std::string& store_id, ByteView signer);

// Certificates by the number of the slot.
using Certificates = std::map<std::int64_t, Bytes>;
Result<Certificates> read_certificates(Vault& vault);
Status put_certificates(Vault& vault, const Certificates& certificates);
// Adds or removes that of one slot.
Status put_certificate(Vault& vault, std::int64_t slot, const Bytes& certificate);
Status drop_certificate(Vault& vault, std::int64_t slot);

// Lets a slot whose key is at hand vouch for the store, unless it does already.
Status certify_slot(Vault& vault, std::int64_t slot, const SecretBytes& voucher);

}  // namespace maitred
