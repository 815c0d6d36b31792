#include "backup_trust.h"

#include <sodium.h>

#include <algorithm>

#include "src/shop/store/keys/certificates.h"
#include "src/shop/store/keys/signing.h"
#include "src/shop/store/rows/setting_rows.h"

namespace maitred {
namespace {

constexpr std::string_view kMadeKey = "backups_made";
constexpr std::string_view kSignersKey = "backup_signers";
constexpr std::size_t kEntryBytes = sizeof(Digest);
constexpr std::size_t kMostEntries = 64;

Bytes message_of(const BackupContent& content) {
  constexpr std::string_view kWhat = "maitred backup 2\n";
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, sizeof(Digest));
  crypto_generichash_update(&state, bytes_of(kWhat).data(), kWhat.size());
  crypto_generichash_update(&state, content.head.data(), content.head.size());
  crypto_generichash_update(&state, content.root.data(), content.root.size());
  for (int shift = 0; shift < 64; shift += 8) {
    const auto byte = static_cast<std::uint8_t>(content.database_bytes >> shift);
    crypto_generichash_update(&state, &byte, 1);
  }
  crypto_generichash_update(&state, content.database.data(), content.database.size());
  Bytes message(sizeof(Digest));
  crypto_generichash_final(&state, message.data(), message.size());
  return message;
}

Result<Bytes> read_entries(Vault& vault, std::string_view key) {
  MAITRED_ASSIGN(const auto bytes, read_setting(vault, key));
  if (!bytes) return Bytes{};
  if (bytes->size() % kEntryBytes != 0) return vault.corrupt("settings", key);
  return Bytes(bytes->begin(), bytes->end());
}

}  // namespace

Bytes sign_backup(const Vault& vault, const BackupContent& content) {
  return sign(vault.subkey(Purpose::kBackupSigning), message_of(content));
}

bool signature_fits(ByteView signer, const BackupContent& content, ByteView signature) {
  return signature_fits(signer, message_of(content), signature);
}

std::string fingerprint_of(ByteView signer) {
  std::array<std::uint8_t, 16> digest{};
  crypto_generichash(digest.data(), digest.size(), signer.data(), signer.size(), nullptr, 0);
  return to_hex(digest);
}

Result<KnownBackups> read_known_backups(Vault& vault) {
  KnownBackups known;
  MAITRED_ASSIGN(known.made, read_entries(vault, kMadeKey));
  MAITRED_ASSIGN(known.signers, read_entries(vault, kSignersKey));
  return known;
}

Status put_known_backups(Vault& vault, const KnownBackups& known) {
  MAITRED_TRY(put_setting(vault, kMadeKey, known.made));
  return put_setting(vault, kSignersKey, known.signers);
}

Result<KnownBackups> backups_known_to(Vault& vault) {
  MAITRED_ASSIGN(KnownBackups known, read_known_backups(vault));
  add_entry(known.signers, backup_signer(vault));
  return known;
}

Status trust_no_former_signer(Vault& vault) { return put_setting(vault, kSignersKey, {}); }

Digest backup_id(const Digest& head, const Digest& database) {
  return keyed_hash(head, ByteView(database));
}

Status note_made(Vault& vault, const Digest& id) {
  return vault.transact([&]() -> Status {
    MAITRED_ASSIGN(KnownBackups known, read_known_backups(vault));
    add_entry(known.made, id);
    return put_setting(vault, kMadeKey, known.made);
  });
}

bool contains(const Bytes& list, ByteView entry) {
  for (std::size_t offset = 0; offset + kEntryBytes <= list.size(); offset += kEntryBytes) {
    if (std::ranges::equal(ByteView(list).subspan(offset, kEntryBytes), entry)) return true;
  }
  return false;
}

void add_entry(Bytes& list, ByteView entry) {
  if (entry.size() != kEntryBytes || contains(list, entry)) return;
  if (list.size() == kMostEntries * kEntryBytes)
    list.erase(list.begin(), list.begin() + kEntryBytes);
  list.insert(list.end(), entry.begin(), entry.end());
}

void add_entries(Bytes& list, const Bytes& more) {
  for (std::size_t offset = 0; offset + kEntryBytes <= more.size(); offset += kEntryBytes) {
    add_entry(list, ByteView(more).subspan(offset, kEntryBytes));
  }
}

}  // namespace maitred
