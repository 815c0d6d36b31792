#include "maitred/shop/store/store.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "maitred/base/file.h"
#include "maitred/base/locked_memory.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/database/schema_copy.h"
#include "src/shop/store/database/store_file.h"
#include "src/shop/store/integrity/erasure.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/integrity/store_check.h"
#include "src/shop/store/integrity/witness.h"
#include "src/shop/store/keys/key_slots.h"
#include "src/shop/store/keys/receipt_signing.h"
#include "src/shop/store/keys/vault.h"
#include "src/shop/store/rows/customer_rows.h"
#include "src/shop/store/rows/withdrawal.h"
#include "store_access.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestSettingKey = 100;

// Random, version 4.
std::string new_uuid() {
  std::array<std::uint8_t, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(bytes);
  const std::string_view text = hex;
  return fmt::format("{}-{}-{}-{}-{}", text.substr(0, 8), text.substr(8, 4), text.substr(12, 4),
                     text.substr(16, 4), text.substr(20));
}

Result<std::string> read_meta(Database& database, std::string_view key) {
  Query row(database, "SELECT value FROM meta WHERE key = ?1", key);
  MAITRED_ASSIGN(const bool found, row.next());
  if (found) return row.text(0);
  return environment_error("store_corrupt", fmt::format("{} lacks its {}: restore it from a backup",
                                                        database.path().string(), key));
}

// The whole of a new store, in a file of its own.
Status build(const std::filesystem::path& built, const KeyAccess& key, const Actor& actor) {
  MAITRED_ASSIGN(auto database, Database::open(built, Database::Mode::kCreate));
  // It goes to disk as a whole, in finish_file.
  MAITRED_TRY(database->execute("PRAGMA synchronous=OFF"));
  MAITRED_TRY(create_schema(*database));
  const std::string id = new_uuid();
  MAITRED_TRY(Query(*database, "INSERT INTO meta VALUES ('store_id', ?1), ('created', ?2)", id,
                    format_time(actor.at))
                  .run());
  SecretBytes root = SecretBytes::random(kKeyBytes);
  MAITRED_ASSIGN(SlotRecord slot, make_slot(key, id, kSlotsTable, 1, root));
  slot.made = actor.at;
  MAITRED_TRY(insert_slot(*database, slot));
  Vault vault(std::move(database), id, std::move(root), SecretBytes::random(kKeyBytes));
  MAITRED_TRY(vault.begin());
  MAITRED_TRY(AuditChain(vault).append(actor, "init", "", ""));
  return vault.database().truncate_wal();
}

// What a crash left of a backup or a restore.
void remove_leftovers(const std::filesystem::path& path) {
  std::error_code ignored;
  for (const char* name : {".backing-up", ".restoring"}) {
    for (const char* tail : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(path.string() + name + tail, ignored);
    }
  }
}

// A slot of schema 1 gets its public key when it is used.
Status upgrade_slot(Vault& vault, std::int64_t number, const Bytes& public_key) {
  MAITRED_ASSIGN(auto slots, read_slots(vault.database(), kSchemaVersion));
  for (SlotRecord& slot : slots) {
    if (slot.number != number || !slot.public_key.empty()) continue;
    slot.public_key = public_key;
    refill_slot(slot, vault.store_id(), kSlotsTable, vault.root());
    return vault.transact([&] { return update_slot(vault.database(), slot); });
  }
  return {};
}

tl::unexpected<Error> older(const Vault& vault, const std::string& how) {
  return environment_error(
      "store_older",
      fmt::format("{}: {}; restore a backup, or, if you know why it is so, take it as it is with "
                  "maitredctl audit accept",
                  vault.path().string(), how));
}

// What cannot be read may be so because a page is damaged: that is said first.
template <class Answer>
Answer unless_damaged(Database& database, Answer answer) {
  if (answer) return answer;
  MAITRED_TRY(check_pages(database));
  return answer;
}

// A file that was closed in order is known to its last bit; of another one every page and row is
// looked at.
Status check_file(Vault& vault, int schema_version, const std::optional<Testimony>& testimony) {
  const bool known =
      testimony && testimony->file && testimony->generation == vault.ledger().generation;
  if (known) {
    MAITRED_ASSIGN(const Digest found,
                   hash_of_open_file(vault.database(), vault.subkey(Purpose::kWitness)));
    if (found == *testimony->file) return {};
  }
  MAITRED_TRY(check_pages(vault.database()));
  MAITRED_TRY(vault.check_digests(schema_version));
  if (!known) return {};
  MAITRED_TRY(check_audit(vault));
  return environment_error("store_corrupt",
                           fmt::format("{} was changed after it was closed, in a place that holds "
                                       "no row: restore it from a backup",
                                       vault.path().string()));
}

// After a clock that was ahead and has been set back.
Status go_on_in_the_present(Vault& vault, const Actor& actor) {
  AuditChain chain(vault);
  MAITRED_ASSIGN(const auto newest, chain.rows(1));
  if (newest.empty() || newest.back().at <= actor.at) return {};
  return chain.append(actor, "accept", "",
                      fmt::format("the clock was set back from {}", format_time(newest.back().at)));
}

// Compares the store with what its witness said, and has the witness follow from now on.
Status hear(Vault& vault, Witness& witness, const Result<std::optional<Testimony>>& heard,
            const OpenOptions& options) {
  const bool accept = options.accept_older;
  Ledger& ledger = vault.ledger();
  if (!heard && ledger.witnessed && !accept) return tl::unexpected(heard.error());
  const std::optional<Testimony> testimony = heard ? *heard : std::nullopt;
  if (!testimony && ledger.witnessed && !accept) {
    return older(vault,
                 fmt::format("{} is missing, so it cannot be told whether this is the newest "
                             "state",
                             witness.file().string()));
  }
  const std::uint64_t seen = testimony ? testimony->generation : 0;
  if (ledger.generation < seen && !accept) {
    return older(vault, fmt::format("this is an older copy of the store (generation {}, but {} "
                                    "has seen {}): later changes are missing, erasures too",
                                    ledger.generation, witness.file().string(), seen));
  }
  const bool taken = accept && ((!testimony && ledger.witnessed) || ledger.generation < seen);
  ledger.generation = std::max(ledger.generation, seen);
  MAITRED_TRY(witness.begin(ledger.generation));
  vault.set_on_commit([&witness](std::uint64_t generation) { witness.note(generation); });
  if (taken) {
    MAITRED_TRY(AuditChain(vault).append(options.actor, "accept", "", "an older state was taken"));
    MAITRED_TRY(replay(vault, read_erasure_file(vault, erasure_file(vault.path())), options.actor));
  }
  if (accept) MAITRED_TRY(go_on_in_the_present(vault, options.actor));
  if (ledger.witnessed) return {};
  ledger.witnessed = true;
  return vault.keep_ledger();
}

}  // namespace

// The database is closed first, then the witness notes the closed file, and the lock goes last.
struct Store::Parts {
  Parts(UniqueFd held, std::unique_ptr<Database> database, std::string id, OpenedSlot slot,
        SecretBytes seed)
      : lock(std::move(held)),
        witness(database->path(), id, Subkeys(seed).of(Purpose::kWitness)),
        vault(std::move(database), std::move(id), std::move(slot.secret), std::move(seed)),
        keys(vault, slot.number) {}

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
    return input_error(
        "store_exists",
        fmt::format("there is something at {} already: it is left alone", path.string()));
  };
  if (exists()) return refused();
  MAITRED_TRY(make_folder(path));
  {
    MAITRED_ASSIGN(const UniqueFd lock, lock_store(path));
    if (exists()) return refused();
    MAITRED_ASSIGN(const bool made_key, provide_key(key));
    const Status done = [&]() -> Status {
      MAITRED_ASSIGN(const std::filesystem::path built, begin_file(path));
      MAITRED_TRY(build(built, key, actor));
      return finish_file(built, path);
    }();
    std::error_code ignored;
    if (!done && made_key) std::filesystem::remove(key.source.where, ignored);
    MAITRED_TRY(done);
  }
  return open(path, key);
}

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
  const std::int64_t number = slot.number;
  const Bytes public_key = slot.public_key;
  auto parts = std::make_unique<Store::Parts>(std::move(lock), std::move(database), std::move(id),
                                              std::move(slot), std::move(seed));
  Vault& vault = parts->vault;
  MAITRED_TRY(unless_damaged(vault.database(), vault.unlock()));
  MAITRED_TRY(vault.database().truncate_wal());
  const auto heard = parts->witness.read();
  const bool believed = heard.has_value() && !options.accept_older;
  MAITRED_TRY(check_file(vault, version, believed ? *heard : std::nullopt));
  {
    MAITRED_ASSIGN(const SchemaCopy kept, SchemaCopy::keep(vault.database(), version));
    MAITRED_TRY(vault.raise(version));
  }
  MAITRED_TRY(vault.follow());
  MAITRED_TRY(upgrade_slot(vault, number, public_key));
  MAITRED_TRY(hear(vault, parts->witness, heard, options));
  MAITRED_TRY(write_erasure_file(vault, erasure_file(path)));
  const auto created_at = parse_time(created);
  if (!created_at) return vault.corrupt("meta", "created");
  parts->created = *created_at;
  parts->signing_key = receipt_public_key(vault.subkey(Purpose::kReceipts));
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
    MAITRED_TRY(read_record(vault, id));
    MAITRED_ASSIGN(Consent consent, read_consent(vault, id));
    if (consent.withdrawn.has_value()) {
      return clean_no("consent_withdrawn",
                      fmt::format("customer {} has withdrawn already", id.value));
    }
    consent.withdrawn = actor.at;
    MAITRED_TRY(parts_->customers.set_consent(id, consent, actor, "withdrawn"));
    MAITRED_TRY(note_withdrawal(vault, id, actor.at));
    MAITRED_ASSIGN(withdrawn, end_as_withdrawn(vault, id, actor));
    return {};
  });
  MAITRED_TRY(done);
  // The list beside the store follows; what it lacks now it gets at the next start.
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
                           "they are erased, but the list of erasures beside the store could not "
                           "be written: restart maitred to finish it");
}

Result<std::optional<std::vector<std::uint8_t>>> Store::setting(std::string_view key) const {
  Vault& vault = parts_->vault;
  Query row(vault.database(), "SELECT sealed FROM settings WHERE key = ?1", key);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return std::nullopt;
  MAITRED_ASSIGN(const ClearBytes clear,
                 vault.open(Purpose::kSettings, {"settings", std::string(key)}, row.blob(0)));
  return Bytes(clear.begin(), clear.end());
}

Status Store::set_setting(std::string_view key, std::span<const std::uint8_t> value) {
  MAITRED_TRY(check_text("setting's key", key, kLongestSettingKey, false));
  Vault& vault = parts_->vault;
  return vault.transact([&]() -> Status {
    return Query(vault.database(),
                 "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET sealed = ?2",
                 key, vault.seal(Purpose::kSettings, {"settings", std::string(key)}, value))
        .run();
  });
}

Result<std::uint64_t> Store::check() const { return check_rows(parts_->vault); }

}  // namespace maitred
