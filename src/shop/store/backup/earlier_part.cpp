#include "earlier_part.h"

#include <sodium.h>

#include "maitred/base/file.h"
#include "src/shop/store/keys/certificates.h"
#include "src/shop/store/keys/key_slots.h"

namespace maitred {
namespace {

// True if a backup for `key` would be sealed with this head and this secret.
Result<bool> same_key(const BackupHead& head, const SecretBytes& secret,
                      const std::optional<KeyAccess>& key) {
  if (!key || !head.for_store.empty()) return !key && !head.for_store.empty();
  if (key->source.kind == KeyKind::kPublic) {
    return head.slots.size() == 1 && to_base64(head.slots[0].public_key) == key->source.where;
  }
  MAITRED_ASSIGN(const auto opened, open_slots(head.slots, head.store, kBackupTable, *key));
  return opened && sodium_memcmp(opened->secret.data(), secret.data(), kKeyBytes) == 0;
}

}  // namespace

Result<std::optional<EarlierPart>> earlier_part(Vault& vault, const std::filesystem::path& part,
                                                const std::optional<KeyAccess>& wanted,
                                                std::string& why_not) {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(part, ignored))) return std::nullopt;
  auto known = read_unfinished(vault);
  auto found = BackupSource::open(part);
  if (!known || known->part != part || !found || found->head().store != vault.store_id() ||
      found->head().signer != backup_signer(vault)) {
    why_not = "it is not the part of the last interrupted backup, or somebody was erased since";
    return std::nullopt;
  }
  const auto secrets = found->begin(known->key);
  if (!secrets || found->head_digest() != known->head) {
    why_not = "it is damaged";
    return std::nullopt;
  }
  MAITRED_ASSIGN(const bool same, same_key(found->head(), known->key, wanted));
  if (!same) {
    why_not = "it is sealed with another key";
    return std::nullopt;
  }
  return EarlierPart{std::move(*known), std::move(*found)};
}

}  // namespace maitred
