// Putting a backup back: decrypt beside the store, check all of it, replay, rename.
#include "maitred/shop/store/restore.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "backup_stream.h"
#include "backup_trust.h"
#include "catching_up.h"
#include "maitred/base/check.h"
#include "maitred/shop/store/backup.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/database/store_file.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/integrity/store_check.h"
#include "src/shop/store/integrity/witness.h"
#include "src/shop/store/keys/certificates.h"
#include "src/shop/store/store_access.h"
#include "this_box.h"

namespace maitred {
namespace {

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
  void clear() const { erase_database(file); }
};

struct OpenedBackup {
  SecretBytes key;
  bool certified = false;  // the slot that opened it vouches for the head's signer
};

// With the key given or the store's, or, since a rotation may lie between, with what the store that
// is there knows.
Result<OpenedBackup> key_of_backup(const BackupSource& source, const RestoreOptions& options,
                                   Store* present) {
  const BackupHead& head = source.head();
  if (present != nullptr && present->id() == head.store && !head.for_store.empty()) {
    SecretBytes secret(kKeyBytes);
    const Vault& vault = StoreAccess::vault(*present);
    const Place place{kBackupTable, "store"};
    if (unwrap(vault.subkey(Purpose::kBackup), head.store, place, head.for_store, secret)) {
      return OpenedBackup{std::move(secret), false};
    }
    for (std::size_t index = vault.ring().former_count(); index-- > 0;) {
      const ByteView former = vault.ring().former(index).backup;
      if (unwrap(former, head.store, place, head.for_store, secret)) {
        return OpenedBackup{std::move(secret), false};
      }
    }
  }
  const KeyAccess& key = options.backup_key ? *options.backup_key : options.store_key;
  MAITRED_ASSIGN(auto opened, open_slots(head.slots, head.store, kBackupTable, key));
  if (opened) {
    const Bytes expected = certificate_of(opened->voucher, head.store, head.signer);
    const bool certified =
        std::any_of(head.slots.begin(), head.slots.end(), [&](const SlotRecord& slot) {
          return slot.number == opened->number && slot.certificate == expected;
        });
    return OpenedBackup{std::move(opened->secret), certified};
  }
  return input_error("backup_key_wrong",
                     fmt::format("{} does not open {}: give the passphrase or key file the backup "
                                 "was sealed with",
                                 describe(key.source), options.backup.string()));
}

}  // namespace

struct Restore::Impl {
  enum class Phase { kCopy, kOpen, kCheck, kReplace, kRotate, kDone };

  Impl(RestoreOptions how, Store* open_store, Actor who, BackupSource from)
      : options(std::move(how)),
        present(open_store),
        actor(std::move(who)),
        source(std::move(from)) {}

  Status look_around();
  Status copy_some();
  Status authenticate();
  Status open_copy();
  Status check_some();
  Status replace_store();
  Status swap_files();
  void rotate_some();

  const RestoreOptions options;
  Store* present;
  const Actor actor;
  BackupSource source;
  UniqueFd lock;                // of the store, while `present` does not hold it
  std::optional<Store> opened;  // the store that was there, when this process did not have it open
  std::optional<Store> after;   // the restored store, when this process has not had one open
  bool replaces = false;        // there is a store
  bool rotates_twice = false;   // the backup was made during a rotation, which is finished first
  BackupSecrets secrets;
  bool certified = false;  // by the slot that opened the backup
  crypto_generichash_state hash{};
  Digest content_hash{};  // of the database
  RestoreReport result;
  Phase phase = Phase::kCopy;
  std::uint64_t written_bytes = 0;
  // The copy is closed before its file is removed: `building` is destroyed last.
  std::optional<Building> building;  // made under the lock
  UniqueFd file;
  std::unique_ptr<Vault> copy;
  std::unique_ptr<RowCheck> check;
};

// Opens what is at the place of the store, if this process has not, and the backup itself.
Status Restore::Impl::look_around() {
  replaces = present != nullptr;
  if (present == nullptr) {
    MAITRED_ASSIGN(lock, lock_store(options.store));
    std::error_code ignored;
    replaces = std::filesystem::exists(std::filesystem::symlink_status(options.store, ignored));
  }
  if (present == nullptr && replaces) {
    // A damaged store, or one whose key is lost, may be replaced too.
    auto store =
        StoreAccess::open(options.store, options.store_key, std::move(lock), {true, actor});
    if (store) {
      opened.emplace(std::move(*store));
      present = &*opened;
    } else {
      MAITRED_ASSIGN(lock, lock_store(options.store));
    }
  }
  const BackupHead& head = source.head();
  MAITRED_ASSIGN(const OpenedBackup found, key_of_backup(source, options, present));
  certified = found.certified;
  MAITRED_ASSIGN(secrets, source.begin(found.key));
  crypto_generichash_init(&hash, nullptr, 0, content_hash.size());
  if (present != nullptr && present->id() != head.store && !options.replace) {
    return input_error("store_differs",
                       fmt::format("{} is another store than the one in the backup: add --replace "
                                   "to lose it",
                                   options.store.string()));
  }
  result.store = head.store;
  result.made = head.made;
  result.replaced = replaces;
  building.emplace(options.store);
  file = UniqueFd(::open(building->file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return restore_failed(building->file);
  return {};
}

Status Restore::Impl::copy_some() {
  constexpr int kChunksPerStep = 16;
  for (int i = 0; i < kChunksPerStep; ++i) {
    MAITRED_ASSIGN(const auto chunk, source.next());
    if (!chunk) {
      if (written_bytes != secrets.database_bytes) {
        return input_error("backup_invalid",
                           "the backup is shorter than it says: take another copy");
      }
      file.reset();
      crypto_generichash_final(&hash, content_hash.data(), content_hash.size());
      phase = Phase::kOpen;
      return authenticate();
    }
    if (::write(file.get(), chunk->data(), chunk->size()) != static_cast<ssize_t>(chunk->size())) {
      return restore_failed(building->file);
    }
    crypto_generichash_update(&hash, chunk->data(), chunk->size());
    written_bytes += chunk->size();
  }
  return {};
}

// Nothing of the backup is opened before it is known who made it.
Status Restore::Impl::authenticate() {
  if (options.accept_unsigned) return {};
  const BackupHead& head = source.head();
  const Digest from = source.head_digest();
  const bool fits = signature_fits(
      head.signer, {from, secrets.root, secrets.database_bytes, content_hash}, source.signature());
  if (!options.signed_by.empty()) {
    if (fits && fingerprint_of(head.signer) == options.signed_by) return {};
  } else if (present != nullptr && present->id() == head.store) {
    MAITRED_ASSIGN(const KnownBackups known, backups_known_to(StoreAccess::vault(*present)));
    // After a rotation of keys, an earlier signature proves nothing: the store must remember.
    if (contains(known.made, backup_id(from, content_hash))) return {};
    if (fits && contains(known.signers, head.signer)) return {};
  } else if (fits && certified) {
    return {};
  }
  return not_authenticated(options.backup, head);
}

Status Restore::Impl::open_copy() {
  const std::string& id = source.head().store;
  MAITRED_ASSIGN(auto database, Database::open(building->file, Database::Mode::kExisting));
  MAITRED_ASSIGN(const int version, check_schema(*database));
  MAITRED_TRY(check_pages(*database));
  MAITRED_ASSIGN(SecretBytes seed, read_seed(*database, version, id, secrets.root));
  copy = std::make_unique<Vault>(std::move(database), id, SecretBytes::copy_of(secrets.root.span()),
                                 std::move(seed));
  MAITRED_TRY(copy->load(version));
  check = std::make_unique<RowCheck>(*copy);
  phase = Phase::kCheck;
  return {};
}

Status Restore::Impl::check_some() {
  MAITRED_ASSIGN(const bool whole, check->step());
  if (!whole) return {};
  check.reset();
  phase = Phase::kReplace;
  return {};
}

// One step: nothing may be written to the present store between its replay and its replacement.
Status Restore::Impl::replace_store() {
  Before before;
  before.there = replaces;
  if (present != nullptr) {
    MAITRED_ASSIGN(before, look_at(*present));
  }
  rotates_twice = Keys(*copy, 0, {}).rotating();
  MAITRED_TRY(catch_up(*copy, source.head(), options, before,
                       backup_id(source.head_digest(), content_hash), actor, result));
  copy.reset();
  MAITRED_TRY(swap_files());
  phase = Phase::kRotate;
  return {};
}

// Goes on with the rotation of keys that the restore has begun. The store is restored by now: what
// fails here is done again at the next start.
void Restore::Impl::rotate_some() {
  constexpr std::size_t kCustomersPerStep = 32;
  Store& store = after ? *after : *present;
  const auto rotated = store.keys().rotate_some(options.store_key, kCustomersPerStep, actor);
  if (rotated && !rotated->finished) return;
  if (rotated && std::exchange(rotates_twice, false) && store.keys().renew_after_restore(actor)) {
    return;
  }
  after.reset();
  phase = Phase::kDone;
}

Status Restore::Impl::swap_files() {
  if (present != nullptr) {
    // Its log must be empty before another file takes its name.
    MAITRED_TRY(StoreAccess::vault(*present).database().truncate_wal());
    lock = StoreAccess::close(*present);
  }
  for (const char* tail : {"-wal", "-shm", "-journal"}) {
    erase_file(options.store.string() + tail);
  }
  const Status placed = replace_file(building->file, options.store);
  auto restored = StoreAccess::open(options.store, options.store_key, std::move(lock));
  if (present != nullptr && !opened) {
    // A running core cannot go on without a store, and this one was checked a moment ago.
    MAITRED_CHECK(restored.has_value());
    *present = std::move(*restored);
  } else if (!restored) {
    return tl::unexpected(restored.error());
  } else {
    after.emplace(std::move(*restored));
  }
  return placed;
}

Restore::Restore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Restore::~Restore() = default;

Result<std::unique_ptr<Restore>> Restore::begin(RestoreOptions options, Store* present,
                                                const Actor& actor) {
  initialise_crypto();
  MAITRED_ASSIGN(BackupSource source, BackupSource::open(options.backup));
  MAITRED_TRY(make_folder(options.store));
  auto impl = std::make_unique<Impl>(std::move(options), present, actor, std::move(source));
  MAITRED_TRY(impl->look_around());
  return std::unique_ptr<Restore>(new Restore(std::move(impl)));
}

Result<StepProgress> Restore::step() {
  Impl& impl = *impl_;
  switch (impl.phase) {
    case Impl::Phase::kCopy:
      MAITRED_TRY(impl.copy_some());
      break;
    case Impl::Phase::kOpen:
      MAITRED_TRY(impl.open_copy());
      break;
    case Impl::Phase::kCheck:
      MAITRED_TRY(impl.check_some());
      break;
    case Impl::Phase::kReplace:
      MAITRED_TRY(impl.replace_store());
      break;
    case Impl::Phase::kRotate:
      impl.rotate_some();
      break;
    case Impl::Phase::kDone:
      break;
  }
  StepProgress progress;
  progress.done = impl.written_bytes;
  progress.total = impl.secrets.database_bytes;
  progress.finished = impl.phase == Impl::Phase::kDone;
  return progress;
}

bool Restore::replaces_next() const { return impl_->phase == Impl::Phase::kReplace; }

const RestoreReport& Restore::report() const { return impl_->result; }

Result<RestoreReport> restore_backup(const RestoreOptions& options, Store* present,
                                     const Actor& actor, const RestoreProgress& progress) {
  RestoreOptions own;
  own.backup = options.backup;
  if (options.backup_key) own.backup_key = copy_of(*options.backup_key);
  own.store = options.store;
  own.store_key = copy_of(options.store_key);
  own.erasures = options.erasures;
  own.replace = options.replace;
  own.signed_by = options.signed_by;
  own.accept_unsigned = options.accept_unsigned;
  MAITRED_ASSIGN(const auto restore, Restore::begin(std::move(own), present, actor));
  for (;;) {
    MAITRED_ASSIGN(const StepProgress now, restore->step());
    if (progress) progress(now.done, now.total);
    if (now.finished) return restore->report();
  }
}

}  // namespace maitred
