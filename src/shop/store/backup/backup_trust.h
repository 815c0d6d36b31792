// Tells who made a backup. A store signs its backups (Ed25519); a restore takes only one whose
// maker it knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backup_format.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Everything that a signature covers.
struct BackupContent {
  Digest head{};  // of all bytes before the first frame
  const SecretBytes& root;
  std::uint64_t database_bytes = 0;
  Digest database{};
};

Bytes sign_backup(const Vault& vault, const BackupContent& content);
bool signature_fits(ByteView signer, const BackupContent& content, ByteView signature);

// 32 hexadecimal digits that stand for the public key of a store's signature.
std::string fingerprint_of(ByteView signer);

// The memory of a store: the backups that it made last, and signers that were its own before a
// restore. Whoever had an earlier key cannot add to it.
struct KnownBackups {
  Bytes made;     // ids, 32 bytes each, the newest last
  Bytes signers;  // 32 bytes each
};
Result<KnownBackups> read_known_backups(Vault& vault);
// The same, and its present signer.
Result<KnownBackups> backups_known_to(Vault& vault);
Status put_known_backups(Vault& vault, const KnownBackups& known);
Status trust_no_former_signer(Vault& vault);
Digest backup_id(const Digest& head, const Digest& database);
// Durably.
Status note_made(Vault& vault, const Digest& id);
bool contains(const Bytes& list, ByteView entry);
// Adds an entry of 32 bytes, unless it is there. A long list loses its oldest entry.
void add_entry(Bytes& list, ByteView entry);
void add_entries(Bytes& list, const Bytes& more);

}  // namespace maitred
