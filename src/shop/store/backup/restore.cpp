// Putting a backup back: decrypt beside the store, check all of it, replay, rename.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backup_stream.h"
#include "maitred/base/check.h"
#include "maitred/shop/store/backup.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/database/store_file.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/integrity/store_check.h"
#include "src/shop/store/integrity/witness.h"
#include "src/shop/store/store_access.h"

namespace maitred {
namespace {

// What is known of the store that will be replaced.
struct Before {
  bool there = false;
  std::string id;  // empty: cannot be read
  bool erasures_known = false;
  ErasureList erasures;
  std::uint64_t generation = 0;
  std::uint64_t last_seq = 0;
};

Result<Before> look_at(Store& store) {
  Vault& vault = StoreAccess::vault(store);
  Before before{true, vault.store_id(),          true,
                {},   vault.ledger().generation, vault.ledger().last_seq};
  MAITRED_ASSIGN(before.erasures, erasures_of(vault));
  return before;
}

tl::unexpected<Error> restore_failed(const std::filesystem::path& file) {
  return environment_error("store_failed",
                           fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
}

// The file being built, gone when it has not become the store.
class Building {
 public:
  explicit Building(const std::filesystem::path& store) : file(store.string() + ".restoring") {
    clear();
  }
  ~Building() { clear(); }
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;

  const std::filesystem::path file;

 private:
  void clear() const {
    for (const char* tail : {"", "-wal", "-shm", "-journal"}) {
      ::unlink((file.string() + tail).c_str());
    }
  }
};

// With the key given or the store's, or, since a rotation may lie between, with what the store that
// is there knows.
Result<SecretBytes> key_of_backup(const BackupSource& source, const RestoreOptions& options,
                                  Store* present) {
  const BackupHead& head = source.head();
  if (present != nullptr && present->id() == head.store && !head.for_store.empty()) {
    SecretBytes secret(kKeyBytes);
    const Vault& vault = StoreAccess::vault(*present);
    if (unwrap(vault.subkey(Purpose::kBackup), head.store, {kBackupTable, "store"}, head.for_store,
               secret)) {
      return secret;
    }
  }
  const KeyAccess& key = options.backup_key ? *options.backup_key : options.store_key;
  MAITRED_ASSIGN(auto opened, open_slots(head.slots, head.store, kBackupTable, key));
  if (opened) return std::move(opened->secret);
  return input_error("backup_key_wrong",
                     fmt::format("{} does not open {}: give the passphrase or key file the backup "
                                 "was sealed with",
                                 describe(key.source), options.backup.string()));
}

Status write_database(BackupSource& source, std::uint64_t total, const std::filesystem::path& file,
                      const RestoreProgress& progress) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return restore_failed(file);
  std::uint64_t written = 0;
  for (;;) {
    MAITRED_ASSIGN(const auto chunk, source.next());
    if (!chunk) break;
    if (::write(fd.get(), chunk->data(), chunk->size()) != static_cast<ssize_t>(chunk->size())) {
      return restore_failed(file);
    }
    written += chunk->size();
    if (progress) progress(written, total);
  }
  if (written != total) {
    return input_error("backup_invalid", "the backup is shorter than it says: take another copy");
  }
  return {};
}

// Slots that a restore made; the next one takes their place, so that they do not pile up.
constexpr std::string_view kRestoredLabel = "restored";

// The store's key must open what is restored.
Status provide_slot(Vault& vault, const KeyAccess& key, const Actor& actor) {
  MAITRED_TRY(provide_key(key));
  Database& database = vault.database();
  MAITRED_ASSIGN(const auto slots, read_slots(database, kSchemaVersion));
  MAITRED_ASSIGN(const auto opened, open_slots(slots, vault.store_id(), kSlotsTable, key));
  if (opened) return {};
  std::int64_t number = 0;
  for (const SlotRecord& slot : slots) number = std::max(number, slot.number);
  MAITRED_ASSIGN(SlotRecord slot,
                 make_slot(key, vault.store_id(), kSlotsTable, number + 1, vault.root()));
  slot.made = actor.at;
  slot.label = kRestoredLabel;
  return vault.transact([&]() -> Status {
    MAITRED_TRY(Query(database, "DELETE FROM key_slots WHERE label = ?1 AND kind = ?2", slot.label,
                      slot.kind)
                    .run());
    return insert_slot(database, slot);
  });
}

// Checks the decrypted file and brings it up to what happened after it was made.
Status prepare(const std::filesystem::path& file, const BackupHead& head,
               const BackupSecrets& secrets, const RestoreOptions& options, const Before& before,
               const Actor& actor, RestoreReport& report) {
  MAITRED_ASSIGN(auto database, Database::open(file, Database::Mode::kExisting));
  MAITRED_ASSIGN(const int version, check_schema(*database));
  MAITRED_TRY(check_pages(*database));
  MAITRED_ASSIGN(SecretBytes seed, read_seed(*database, version, head.store, secrets.root));
  Vault vault(std::move(database), head.store, SecretBytes::copy_of(secrets.root.span()),
              std::move(seed));
  MAITRED_TRY(vault.load(version));
  MAITRED_TRY(check_rows(vault));
  MAITRED_TRY(vault.follow());

  ErasureList list = before.id == head.store ? before.erasures : ErasureList{};
  report.erasures_known = before.id == head.store && before.erasures_known;
  for (const auto& known : {erasure_file(options.store), options.erasures}) {
    std::error_code ignored;
    if (known.empty() || !std::filesystem::exists(known, ignored)) continue;
    const ErasureList read = read_erasure_file(vault, known);
    if (read.erased.empty() && read.withdrawn.empty()) continue;
    list.add(read);
    report.erasures_known = true;
  }
  // No generation and no seq comes twice.
  Ledger& ledger = vault.ledger();
  Witness witness(options.store, head.store, vault.subkey(Purpose::kWitness));
  const auto heard = witness.read();
  if (heard && *heard) ledger.generation = std::max(ledger.generation, (*heard)->generation);
  if (before.id == head.store) {
    ledger.generation = std::max(ledger.generation, before.generation);
    ledger.last_seq = std::max(ledger.last_seq, before.last_seq);
  }
  ledger.witnessed = false;
  MAITRED_TRY(vault.transact([&]() -> Status {
    MAITRED_ASSIGN(report.slots, drop_revoked_slots(vault, list));
    return {};
  }));
  MAITRED_TRY(provide_slot(vault, options.store_key, actor));
  MAITRED_ASSIGN(const Replayed replayed, replay(vault, list, actor));
  report.staff = replayed.staff;
  report.erased = replayed.erased;
  report.withdrawn = replayed.withdrawn;
  MAITRED_TRY(AuditChain(vault).append(
      actor, "restore", "",
      fmt::format("backup of {}, {} erasures and {} withdrawals replayed", format_time(head.made),
                  replayed.erased, replayed.withdrawn)));
  {
    Query count(vault.database(), "SELECT count(*) FROM customers");
    MAITRED_TRY(count.next());
    report.customers = count.count(0);
  }
  return vault.database().truncate_wal();
}

}  // namespace

Result<RestoreReport> restore_backup(const RestoreOptions& options, Store* present,
                                     const Actor& actor, const RestoreProgress& progress) {
  initialise_crypto();
  MAITRED_ASSIGN(BackupSource source, BackupSource::open(options.backup));
  const BackupHead head = source.head();
  MAITRED_TRY(make_folder(options.store));
  UniqueFd lock;
  std::optional<Store> opened;
  Before before;
  std::error_code ignored;
  if (present == nullptr) {
    MAITRED_ASSIGN(lock, lock_store(options.store));
    before.there = std::filesystem::exists(std::filesystem::symlink_status(options.store, ignored));
    if (before.there) {
      // A damaged one, or one whose key is lost, is what backups are for.
      auto store =
          StoreAccess::open(options.store, options.store_key, std::move(lock), {true, actor});
      if (store) {
        opened.emplace(std::move(*store));
        present = &*opened;
      } else {
        MAITRED_ASSIGN(lock, lock_store(options.store));
      }
    }
  }
  if (present != nullptr) {
    MAITRED_ASSIGN(before, look_at(*present));
  }
  MAITRED_ASSIGN(const SecretBytes key, key_of_backup(source, options, present));
  MAITRED_ASSIGN(const BackupSecrets secrets, source.begin(key));
  if (before.there && !before.id.empty() && before.id != head.store && !options.replace) {
    return input_error("store_differs",
                       fmt::format("{} is another store than the one in the backup: add --replace "
                                   "to lose it",
                                   options.store.string()));
  }

  RestoreReport report{.store = head.store, .made = head.made, .replaced = before.there};
  const Building building(options.store);
  MAITRED_TRY(write_database(source, secrets.database_bytes, building.file, progress));
  MAITRED_TRY(prepare(building.file, head, secrets, options, before, actor, report));

  if (present != nullptr) {
    // Its log must be empty before another file takes its name.
    MAITRED_TRY(StoreAccess::vault(*present).database().truncate_wal());
    lock = StoreAccess::close(*present);
  }
  for (const char* tail : {"-wal", "-shm", "-journal"}) {
    ::unlink((options.store.string() + tail).c_str());
  }
  const Status placed = finish_file(building.file, options.store);
  // NOLINTNEXTLINE(bugprone-use-after-move): where it was moved, the store gave it back
  auto restored = StoreAccess::open(options.store, options.store_key, std::move(lock));
  if (present != nullptr && !opened) {
    // Of a running core: it was checked a moment ago, and without a store there is no going on.
    MAITRED_CHECK(restored.has_value());
    *present = std::move(*restored);
  } else if (!restored) {
    return tl::unexpected(restored.error());
  }
  MAITRED_TRY(placed);
  return report;
}

}  // namespace maitred
