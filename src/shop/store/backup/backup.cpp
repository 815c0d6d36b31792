// Writes a backup: copies the database with its sealed rows, seals the copy, reads it again. Keeps
// what an interrupted backup has sealed of an identical copy.
#include "maitred/shop/store/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backup_stream.h"
#include "backup_target.h"
#include "backup_trust.h"
#include "earlier_part.h"
#include "maitred/shop/store/keys.h"
#include "page_copy.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/database/store_file.h"
#include "src/shop/store/keys/certificates.h"
#include "src/shop/store/store_access.h"
#include "unfinished_backup.h"

namespace maitred {
namespace {

constexpr int kPagesPerStep = 256;
constexpr std::size_t kChunksPerStep = 16;
constexpr std::size_t kHashedPerStep = 64;  // chunks

constexpr const char* kChanged = "the store has changed since";

std::filesystem::path copy_path(const std::filesystem::path& store) {
  return store.string() + ".backing-up";
}

Status note_taken(Vault& vault, const Actor& actor) {
  drop_unfinished(vault);
  return vault.transact([&] { return AuditChain(vault).append(actor, "backup", "", ""); });
}

}  // namespace

struct Backup::Impl {
  enum class Phase { kCopying, kHashing, kTakingUp, kSealing, kVerifying, kErasing, kFinished };

  Impl(Vault& held, const std::filesystem::path& file)
      : vault(held), target(file), part(part_of(file)) {}
  ~Impl() {
    // The plain copy of the database never outlives the backup; the sealed part may be continued.
    pages.reset();
    if (phase != Phase::kFinished) erase_database(copy);
    if (!useless && !(sink && sink->full())) return;
    ::unlink(part.c_str());
    drop_unfinished(vault);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status find_earlier(const std::optional<KeyAccess>& wanted);
  Status make_head(const std::optional<KeyAccess>& wanted);
  Status step();
  Status copy_again();
  Status copy_some();
  Status hash_some();
  Status begin_sealing();
  BackupContent content() const;
  Status take_up_some();
  Status seal_some();
  Status begin_verifying();
  Status verify_some();
  Status erase_some();
  Result<ByteView> read_copy(std::uint64_t offset);

  Vault& vault;
  const std::filesystem::path target;
  const std::filesystem::path part;
  const std::filesystem::path copy = copy_path(vault.database().path());
  Actor actor;
  std::optional<KeyAccess> given;  // none: the keys of the store
  BackupHead head;
  SecretBytes key = SecretBytes::random(kKeyBytes);
  std::optional<EarlierPart> earlier;
  std::string why_restarted;  // why the existing part could not be used; empty if it was
  Phase phase = Phase::kCopying;
  std::unique_ptr<PageCopy> pages;
  std::uint64_t epoch = 0;  // of the copy
  UniqueFd reading;         // the copy
  Bytes chunk = Bytes(kBackupChunkBytes);
  std::uint64_t size = 0;  // of the copy
  std::uint64_t hashed = 0;
  std::uint64_t sealed = 0;
  std::uint64_t resumed = 0;  // of what is sealed
  std::uint64_t verified = 0;
  std::uint64_t erased = 0;  // of the copy
  crypto_generichash_state hash{};
  Digest copy_hash{};
  std::optional<BackupSink> sink;
  std::optional<BackupSource> source;
  bool useless = false;  // the part
  bool to_be_fetched = false;
};

// Continues an interrupted backup if its part is the one of the note, and is sealed for the given
// key.
Status Backup::Impl::find_earlier(const std::optional<KeyAccess>& wanted) {
  MAITRED_ASSIGN(earlier, earlier_part(vault, part, wanted, why_restarted));
  if (!earlier) return {};
  head = earlier->source.head();
  key = SecretBytes::copy_of(earlier->known.key.span());
  return {};
}

Status Backup::Impl::make_head(const std::optional<KeyAccess>& wanted) {
  head = {vault.store_id(), actor.at, kSchemaVersion, {}, {}, backup_signer(vault)};
  if (wanted) {
    MAITRED_ASSIGN(SlotRecord slot,
                   make_slot(*wanted, vault.store_id(), kBackupTable, 1, key, head.signer));
    head.slots.push_back(std::move(slot));
    return {};
  }
  // The store itself opens the backup by this subkey, which its key ring keeps over rotations.
  head.for_store = vault.seal(Purpose::kBackup, {kBackupTable, "store"}, key.span());
  MAITRED_ASSIGN(auto slots, read_slots(vault.database(), kSchemaVersion));
  MAITRED_ASSIGN(Certificates certificates, read_certificates(vault));
  for (SlotRecord& slot : slots) {
    if (slot.public_key.empty()) continue;
    slot.certificate = certificates[slot.number];
    refill_slot(slot, vault.store_id(), kBackupTable, key);
    head.slots.push_back(std::move(slot));
  }
  return {};
}

Status Backup::Impl::copy_again() {
  source.reset();
  sink.reset();
  if (earlier || resumed > 0) why_restarted = kChanged;
  earlier.reset();
  // A rotation of keys may have shut out a slot, and makes a new signature.
  if (!given || head.signer != backup_signer(vault)) MAITRED_TRY(make_head(given));
  size = hashed = sealed = resumed = verified = 0;
  phase = Phase::kCopying;
  MAITRED_ASSIGN(pages, PageCopy::begin(vault.database(), copy));
  return {};
}

Status Backup::Impl::step() {
  // Somebody who was erased meanwhile must not be in the backup.
  if (phase > Phase::kCopying && phase < Phase::kErasing && vault.epoch() != epoch) {
    return copy_again();
  }
  switch (phase) {
    case Phase::kCopying:
      return copy_some();
    case Phase::kHashing:
      return hash_some();
    case Phase::kTakingUp:
      return take_up_some();
    case Phase::kSealing:
      return seal_some();
    case Phase::kVerifying:
      return verify_some();
    case Phase::kErasing:
      return erase_some();
    case Phase::kFinished:
      break;
  }
  return {};
}

Status Backup::Impl::copy_some() {
  MAITRED_ASSIGN(const bool copied, pages->step(kPagesPerStep));
  if (!copied) return {};
  pages.reset();
  epoch = vault.epoch();
  reading = UniqueFd(::open(copy.c_str(), O_RDONLY | O_CLOEXEC));
  std::error_code ignored;
  size = std::filesystem::file_size(copy, ignored);
  crypto_generichash_init(&hash, nullptr, 0, sizeof(Digest));
  phase = Phase::kHashing;
  return {};
}

// The chunk of the copy at this offset.
Result<ByteView> Backup::Impl::read_copy(std::uint64_t offset) {
  const std::size_t want = std::min<std::uint64_t>(chunk.size(), size - offset);
  if (::pread(reading.get(), chunk.data(), want, static_cast<off_t>(offset)) ==
      static_cast<ssize_t>(want)) {
    return ByteView(chunk).first(want);
  }
  return environment_error("backup_failed",
                           fmt::format("cannot read {}: {}", copy.string(), std::strerror(errno)));
}

Status Backup::Impl::hash_some() {
  for (std::size_t count = 0; count < kHashedPerStep && hashed < size; ++count) {
    MAITRED_ASSIGN(const ByteView piece, read_copy(hashed));
    crypto_generichash_update(&hash, piece.data(), piece.size());
    hashed += piece.size();
  }
  if (hashed < size) return {};
  crypto_generichash_final(&hash, copy_hash.data(), copy_hash.size());
  // Sealing other content under the same key and nonces would break the cipher, so an interrupted
  // backup continues only if the copy is identical.
  if (earlier && earlier->known.copy == copy_hash) {
    phase = Phase::kTakingUp;
    return {};
  }
  if (earlier) why_restarted = kChanged;
  return begin_sealing();
}

Status Backup::Impl::begin_sealing() {
  earlier.reset();
  drop_unfinished(vault);
  head.made = actor.at;
  sealed = resumed = 0;
  phase = Phase::kSealing;
  MAITRED_ASSIGN(sink, BackupSink::create(part, head, key));
  // Without the note, an interrupted backup restarts from the beginning.
  UnfinishedBackup unfinished;
  unfinished.key = SecretBytes::copy_of(key.span());
  unfinished.head = sink->head_digest();
  unfinished.copy = copy_hash;
  unfinished.part = part;
  static_cast<void>(note_unfinished(vault, unfinished));
  BackupSecrets secrets;
  secrets.root = SecretBytes::copy_of(vault.root().span());
  secrets.database_bytes = size;
  return sink->write(encode_backup_secrets(secrets), false);
}

// Reads the sealed part up to the end of its last whole frame.
Status Backup::Impl::take_up_some() {
  for (std::size_t count = 0; count < kChunksPerStep && !earlier->source.ended(); ++count) {
    const auto found = earlier->source.next();
    if (!found) {
      MAITRED_ASSIGN(sink, BackupSink::go_on(part, std::move(earlier->source)));
      resumed = sealed;
      phase = Phase::kSealing;
      return {};
    }
    if (!*found) break;
    MAITRED_ASSIGN(const ByteView piece, read_copy(sealed));
    // The hash of the copy fits, but the part may hold other content: compare before continuing.
    if (!std::ranges::equal(piece, **found)) {
      why_restarted = kChanged;
      return begin_sealing();
    }
    sealed += piece.size();
  }
  if (!earlier->source.ended()) return {};
  MAITRED_ASSIGN(sink, BackupSink::go_on(part, std::move(earlier->source)));
  resumed = sealed;
  return begin_verifying();
}

Status Backup::Impl::seal_some() {
  for (std::size_t count = 0; count < kChunksPerStep && sealed < size; ++count) {
    MAITRED_ASSIGN(const ByteView piece, read_copy(sealed));
    sealed += piece.size();
    MAITRED_TRY(sink->write(piece, false));
  }
  if (sealed < size) return {};
  MAITRED_TRY(sink->write(sign_backup(vault, content()), true));
  return begin_verifying();
}

BackupContent Backup::Impl::content() const {
  return {sink->head_digest(), vault.root(), size, copy_hash};
}

Status Backup::Impl::begin_verifying() {
  // Reading back finds a disk that lost or changed bytes, while the store can still be backed up
  // again.
  MAITRED_TRY(sink->finish());
  MAITRED_ASSIGN(source, BackupSource::open(part));
  MAITRED_TRY(source->begin(key));
  crypto_generichash_init(&hash, nullptr, 0, sizeof(Digest));
  phase = Phase::kVerifying;
  return {};
}

Status Backup::Impl::verify_some() {
  for (std::size_t count = 0; count < kChunksPerStep; ++count) {
    const auto piece = source->next();
    if (!piece) useless = true;
    MAITRED_TRY(piece);
    if (*piece) {
      crypto_generichash_update(&hash, (*piece)->data(), (*piece)->size());
      verified += (*piece)->size();
      continue;
    }
    Digest read{};
    crypto_generichash_final(&hash, read.data(), read.size());
    if (read != copy_hash || !signature_fits(head.signer, content(), source->signature())) {
      useless = true;
      return environment_error(
          "backup_failed",
          fmt::format("read-back of {} differs from what was written: the disk may be failing",
                      part.string()));
    }
    if (to_be_fetched) {
      phase = Phase::kErasing;
      return {};
    }
    // First, so that no crash leaves a backup that the store does not know as its own.
    const Digest id = backup_id(sink->head_digest(), copy_hash);
    MAITRED_TRY(note_made(vault, id));
    const Status placed = finish_file(part, target);
    if (!placed) return environment_error("backup_failed", placed.error().message);
    phase = Phase::kErasing;
    return note_taken(vault, actor);
  }
  return {};
}

// Overwrites the copy, which holds the keys of everybody who may be erased later. In steps, because
// it is as large as the store.
Status Backup::Impl::erase_some() {
  const std::uint64_t end = std::min(size, erased + kChunksPerStep * kBackupChunkBytes);
  const UniqueFd fd(::open(copy.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  // A disk that fails here has the backup already.
  const bool failed = !fd || !overwrite_range(fd, erased, end);
  erased = end;
  if (!failed && erased < size) return {};
  reading.reset();
  ::unlink(copy.c_str());
  phase = Phase::kFinished;
  return {};
}

Backup::Backup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Backup::~Backup() = default;

Result<std::unique_ptr<Backup>> Backup::begin(Store& store, const std::filesystem::path& target,
                                              const std::optional<KeyAccess>& key,
                                              const Actor& actor) {
  Vault& vault = StoreAccess::vault(store);
  Database& database = vault.database();
  MAITRED_TRY(check_target(target, database.path()));
  if (key) MAITRED_TRY(provide_key(*key));
  auto impl = std::make_unique<Impl>(vault, target);
  impl->actor = actor;
  if (key) impl->given = copy_of(*key);
  MAITRED_TRY(impl->find_earlier(key));
  if (!impl->earlier) MAITRED_TRY(impl->make_head(key));
  MAITRED_ASSIGN(impl->pages, PageCopy::begin(database, impl->copy));
  return std::unique_ptr<Backup>(new Backup(std::move(impl)));
}

void Backup::leave_in_part() { impl_->to_be_fetched = true; }

Result<StepProgress> Backup::step() {
  Impl& impl = *impl_;
  MAITRED_TRY(impl.step());
  StepProgress progress;
  // Copying, sealing and reading again take about the same time.
  constexpr std::uint64_t kPageBytes = 4096;
  const std::uint64_t copied = impl.pages ? impl.pages->pages_done() * kPageBytes : impl.size;
  progress.total = 3 * std::max<std::uint64_t>(impl.size, copied);
  progress.done = copied + impl.sealed + impl.verified;
  progress.finished = impl.phase == Impl::Phase::kFinished;
  return progress;
}

std::uint64_t Backup::size_bytes() const { return impl_->sink ? impl_->sink->bytes() : 0; }
std::uint64_t Backup::resumed_bytes() const { return impl_->resumed; }
std::string Backup::signed_by() const { return fingerprint_of(impl_->head.signer); }
const std::string& Backup::why_restarted() const { return impl_->why_restarted; }

Status backup_fetched(Store& store, const std::filesystem::path& target, const Actor& actor) {
  Vault& vault = StoreAccess::vault(store);
  const auto known = read_unfinished(vault);
  if (known && known->part == part_of(target)) {
    MAITRED_TRY(note_made(vault, backup_id(known->head, known->copy)));
    return note_taken(vault, actor);
  }
  return environment_error("backup_outdated",
                           "somebody was erased while the backup was written, or another backup "
                           "was begun: make the backup again");
}

}  // namespace maitred
