#include "maitred/shop/store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "maitred/base/file.h"
#include "maitred/base/locked_memory.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/database/schema_copy.h"
#include "src/shop/store/database/store_file.h"
#include "src/shop/store/integrity/erasure.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/integrity/store_check.h"
#include "src/shop/store/keys/key_slots.h"
#include "src/shop/store/keys/receipt_signing.h"
#include "src/shop/store/keys/vault.h"
#include "src/shop/store/rows/customer_rows.h"
#include "src/shop/store/rows/setting_rows.h"
#include "src/shop/store/rows/withdrawal.h"
#include "store_access.h"
#include "store_opening.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestSettingKey = 100;

}  // namespace

// Members are destroyed in this order: the database is closed, the witness notes the closed file,
// and the lock is released.
struct Store::Parts {
  Parts(UniqueFd held, std::unique_ptr<Database> database, std::string id, OpenedSlot slot,
        SecretBytes seed)
      : lock(std::move(held)),
        witness(database->path(), id, Subkeys(seed).of(Purpose::kWitness)),
        vault(std::move(database), std::move(id), std::move(slot.secret), std::move(seed)),
        keys(vault, slot.number, std::move(slot.voucher)) {}

  Status follow_seed() {
    signing_key = receipt_public_key(vault.subkey(Purpose::kReceipts));
    list_revocations(vault);
    return witness.turn_to(vault.subkey(Purpose::kWitness));
  }

  UniqueFd lock;
  Witness witness;
  Vault vault;
  Keys keys;
  Customers customers{vault};
  Visits visits{vault};
  Staff staff{vault};
  AuditChain audit{vault};
  ConsentTexts consent_texts{vault};
  WallTime created{};
  std::string signing_key;
};

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::create(const std::filesystem::path& path, const KeyAccess& key,
                            const Actor& actor) {
  initialise_crypto();
  MAITRED_TRY(check_locked_memory());
  const auto exists = [&] {
    std::error_code ignored;
    return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
  };
  const auto refused = [&] {
    return input_error("store_exists",
                       fmt::format("{} exists already and is left unchanged", path.string()));
  };
  if (exists()) return refused();
  MAITRED_TRY(make_folder(path));
  {
    MAITRED_ASSIGN(const UniqueFd lock, lock_store(path));
    if (exists()) return refused();
    MAITRED_ASSIGN(const bool made_key, provide_key(key));
    const Status done = [&]() -> Status {
      MAITRED_ASSIGN(const std::filesystem::path built, begin_file(path));
      MAITRED_TRY(build_store(built, key, actor));
      return finish_file(built, path);
    }();
    std::error_code ignored;
    if (!done && made_key) std::filesystem::remove(key.source.where, ignored);
    MAITRED_TRY(done);
  }
  return open(path, key);
}

namespace {

// A crash in the middle of writing a key file leaves its bytes beside it.
void erase_unwritten_keys(const KeyAccess& key) {
  if (key.source.kind != KeyKind::kFile) return;
  for (const char* tail : {".new", ".next.new"}) erase_file(key.source.where + tail);
}

}  // namespace

Result<Store> Store::open(const std::filesystem::path& path, const KeyAccess& key,
                          const OpenOptions& options) {
  initialise_crypto();
  MAITRED_TRY(check_locked_memory());
  MAITRED_TRY(check_header(path));
  MAITRED_ASSIGN(UniqueFd lock, lock_store(path));
  return StoreAccess::open(path, key, std::move(lock), options);
}

Result<Store> StoreAccess::open(const std::filesystem::path& path, const KeyAccess& key,
                                UniqueFd lock, const OpenOptions& options) {
  MAITRED_TRY(check_header(path));
  MAITRED_TRY(check_modes(path));
  // The lock is held, so no other process is building these files.
  remove_leftovers(path);
  MAITRED_ASSIGN(auto database, Database::open(path, Database::Mode::kExisting));
  MAITRED_ASSIGN(const int version, check_schema(*database));
  MAITRED_ASSIGN(std::string id, unless_damaged(*database, read_meta(*database, "store_id")));
  MAITRED_ASSIGN(const std::string created,
                 unless_damaged(*database, read_meta(*database, "created")));
  MAITRED_ASSIGN(OpenedSlot slot,
                 unless_damaged(*database, open_root(*database, version, id, key)));
  MAITRED_ASSIGN(SecretBytes seed,
                 unless_damaged(*database, read_seed(*database, version, id, slot.secret)));
  erase_unwritten_keys(key);
  const std::int64_t number = slot.number;
  const Bytes public_key = slot.public_key;
  auto parts = std::make_unique<Store::Parts>(std::move(lock), std::move(database), std::move(id),
                                              std::move(slot), std::move(seed));
  Vault& vault = parts->vault;
  MAITRED_TRY(unless_damaged(vault.database(), vault.unlock()));
  MAITRED_TRY(vault.database().truncate_wal());
  if (vault.former()) {
    parts->witness.read_with_former(vault.former()->subkeys.of(Purpose::kWitness));
  }
  const auto witness = parts->witness.read();
  // Without trust in the witness, every page and row of the file is checked.
  const bool believed = witness.has_value() && !options.accept_older;
  MAITRED_TRY(check_file(vault, version, believed ? *witness : std::nullopt));
  {
    // The copy is deleted at the end of this block if the migration has succeeded.
    MAITRED_ASSIGN(const SchemaCopy kept, SchemaCopy::keep(vault.database(), version));
    MAITRED_TRY(vault.raise(version));
  }
  MAITRED_TRY(vault.follow());
  MAITRED_TRY(upgrade_slot(vault, number, public_key));
  MAITRED_TRY(check_age(vault, parts->witness, witness, options, number));
  MAITRED_TRY(parts->keys.certify());
  MAITRED_TRY(write_erasure_file(vault, erasure_file(path)));
  const auto created_at = parse_time(created);
  if (!created_at) return vault.corrupt("meta", "created");
  parts->created = *created_at;
  parts->signing_key = receipt_public_key(vault.subkey(Purpose::kReceipts));
  vault.set_on_new_seed([whole = parts.get()] { return whole->follow_seed(); });
  return Store(std::move(parts));
}

Vault& StoreAccess::vault(Store& store) { return store.parts_->vault; }

UniqueFd StoreAccess::close(Store& store) {
  UniqueFd lock = std::move(store.parts_->lock);
  store.parts_.reset();
  return lock;
}

const std::string& Store::id() const { return parts_->vault.store_id(); }
WallTime Store::created() const { return parts_->created; }
std::uint64_t Store::epoch() const { return parts_->vault.epoch(); }

Customers& Store::customers() { return parts_->customers; }
Visits& Store::visits() { return parts_->visits; }
Staff& Store::staff() { return parts_->staff; }
AuditChain& Store::audit() { return parts_->audit; }
Keys& Store::keys() { return parts_->keys; }
ConsentTexts& Store::consent_texts() { return parts_->consent_texts; }
const Customers& Store::customers() const { return parts_->customers; }
const Visits& Store::visits() const { return parts_->visits; }
const Staff& Store::staff() const { return parts_->staff; }
const AuditChain& Store::audit() const { return parts_->audit; }
const TemplateRotation& Store::rotation() const { return parts_->vault.rotation(); }
const std::string& Store::signing_key() const { return parts_->signing_key; }

Status Store::together(const std::function<Status()>& work) { return parts_->vault.transact(work); }

Result<std::vector<StoredAlert>> Store::withdraw(const CustomerId& id, const Actor& actor) {
  Vault& vault = parts_->vault;
  std::vector<StoredAlert> withdrawn;
  const Status done = vault.transact([&]() -> Status {
    MAITRED_TRY(read_customer_record(vault, id));
    MAITRED_ASSIGN(Consent consent, read_consent(vault, id));
    if (consent.withdrawn.has_value()) {
      return clean_no("consent_withdrawn",
                      fmt::format("customer {} has withdrawn already", id.value));
    }
    MAITRED_ASSIGN(withdrawn,
                   withdraw_consent(vault, id, std::move(consent), actor.at, actor, "withdrawn"));
    return {};
  });
  MAITRED_TRY(done);
  // The list beside the store follows. If this write fails, the next start repeats it.
  static_cast<void>(append_erasure(vault, id, false, actor.at));
  return withdrawn;
}

Result<Receipt> Store::forget(const CustomerId& id, const Actor& actor) {
  return erase(parts_->vault, id, actor);
}

Result<bool> Store::shrink_some() {
  constexpr std::int64_t kLeastUnused = 1024;  // pages of 4 KiB
  constexpr int kPagesAtOnce = 256;
  Database& database = parts_->vault.database();
  const auto number = [&](std::string_view pragma) -> Result<std::int64_t> {
    Query query(database, pragma);
    MAITRED_TRY(query.next());
    return query.number(0);
  };
  MAITRED_ASSIGN(const std::int64_t unused, number("PRAGMA freelist_count"));
  MAITRED_ASSIGN(const std::int64_t pages, number("PRAGMA page_count"));
  if (unused < kLeastUnused || unused < pages / 4) return false;
  MAITRED_TRY(database.execute(fmt::format("PRAGMA incremental_vacuum({})", kPagesAtOnce)));
  MAITRED_TRY(database.truncate_wal());
  MAITRED_ASSIGN(const std::int64_t left, number("PRAGMA freelist_count"));
  return left < unused;
}

Result<Receipt> Store::receipt_of(const CustomerId& id) const {
  return issue_receipt(parts_->vault, id);
}

Result<std::vector<Receipt>> Store::forget_all(const std::vector<CustomerId>& ids,
                                               const Actor& actor) {
  Vault& vault = parts_->vault;
  MAITRED_ASSIGN(std::vector<Receipt> receipts, erase_all(vault, ids, actor));
  if (write_erasure_file(vault, erasure_file(vault.path()))) return receipts;
  return environment_error("erasure_incomplete",
                           "the customers are erased, but the list of erasures beside the store "
                           "could not be written: restart maitred to finish it");
}

Result<std::optional<WallTime>> Store::last_upkeep(Upkeep upkeep) const {
  MAITRED_ASSIGN(const auto noted,
                 read_setting_record<NotedTime>(parts_->vault, setting_key(upkeep)));
  return noted ? std::optional(noted->at) : std::nullopt;
}

Status Store::note_upkeep(Upkeep upkeep, WallTime at) {
  Vault& vault = parts_->vault;
  return vault.transact(
      [&] { return put_setting_record(vault, setting_key(upkeep), NotedTime{at}); });
}

Result<std::optional<std::vector<std::uint8_t>>> Store::setting(std::string_view key) const {
  MAITRED_ASSIGN(const auto clear, read_setting(parts_->vault, key));
  if (!clear) return std::nullopt;
  return Bytes(clear->begin(), clear->end());
}

Status Store::set_setting(std::string_view key, std::span<const std::uint8_t> value) {
  MAITRED_TRY(check_text("setting's key", key, kLongestSettingKey, false));
  Vault& vault = parts_->vault;
  return vault.transact([&] { return put_setting(vault, key, value); });
}

Status Store::check_in_place() const { return parts_->vault.database().check_in_place(); }

Result<std::uint64_t> Store::check() const { return check_rows(parts_->vault); }

}  // namespace maitred
