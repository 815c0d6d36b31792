// Writing a backup: copy the database (sealed rows as they are), seal the copy, read it again.
#include "maitred/store/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backup_stream.h"
#include "schema.h"
#include "store_access.h"
#include "store_file.h"

namespace maitred {
namespace {

constexpr int kPagesPerStep = 256;
constexpr std::size_t kChunksPerStep = 16;

// SQLite's online backup into a file of its own: changes by this process are carried over.
class PageCopy {
 public:
  static Result<std::unique_ptr<PageCopy>> begin(Database& source,
                                                 const std::filesystem::path& target) {
    std::unique_ptr<PageCopy> copy(new PageCopy(source, target));
    for (const char* tail : {"", "-journal", "-wal"}) ::unlink((target.string() + tail).c_str());
    { const UniqueFd fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)); }
    int code = sqlite3_open_v2(target.c_str(), &copy->handle_,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code == SQLITE_OK) {
      code = sqlite3_exec(copy->handle_, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", nullptr,
                          nullptr, nullptr);
    }
    if (code == SQLITE_OK) {
      copy->backup_ = sqlite3_backup_init(copy->handle_, "main", source.handle(), "main");
      if (copy->backup_ == nullptr) code = sqlite3_errcode(copy->handle_);
    }
    if (code != SQLITE_OK) return copy->failed(code);
    return copy;
  }
  ~PageCopy() { end(); }
  PageCopy(const PageCopy&) = delete;
  PageCopy& operator=(const PageCopy&) = delete;

  // True when all is copied.
  Result<bool> step(int pages) {
    const int code = sqlite3_backup_step(backup_, pages);
    if (code == SQLITE_OK) return false;
    if (code != SQLITE_DONE) return failed(code);
    const int ended = end();
    return ended == SQLITE_OK ? Result<bool>(true) : failed(ended);
  }
  std::uint64_t done() const {
    return static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup_) -
                                      sqlite3_backup_remaining(backup_));
  }

 private:
  PageCopy(Database& source, std::filesystem::path target)
      : source_(source), target_(std::move(target)) {}
  int end() {
    const int finished = backup_ == nullptr ? SQLITE_OK : sqlite3_backup_finish(backup_);
    backup_ = nullptr;
    const int closed = sqlite3_close(handle_);
    handle_ = nullptr;
    return finished != SQLITE_OK ? finished : closed;
  }
  tl::unexpected<Error> failed(int code) const {
    return environment_error(
        "backup_failed",
        fmt::format("cannot copy {} to {} for the backup: {}; is there room enough?",
                    source_.path().string(), target_.string(), sqlite3_errstr(code)));
  }

  Database& source_;
  std::filesystem::path target_;
  sqlite3* handle_ = nullptr;
  sqlite3_backup* backup_ = nullptr;
};

Status check_target(const std::filesystem::path& target, const std::filesystem::path& store) {
  const auto refused = [&](const char* why) {
    return input_error("backup_target",
                       fmt::format("a backup cannot be written to {}: {}", target.string(), why));
  };
  std::error_code ignored;
  if (target.empty() || !target.has_filename()) return refused("give the name of a file");
  const auto status = std::filesystem::status(target, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return refused("it is not a file");
  }
  const auto folder = target.has_parent_path() ? target.parent_path() : ".";
  if (!std::filesystem::is_directory(folder, ignored)) return refused("there is no such folder");
  const bool beside = std::filesystem::equivalent(
      folder, store.has_parent_path() ? store.parent_path() : ".", ignored);
  const std::string name = target.filename().string();
  const std::string own = store.filename().string();
  const bool reserved = name == own || name == own + "-wal" || name == own + ".lock" ||
                        name == own + ".generation" || name == own + ".erasures";
  if (beside && reserved) return refused("that is the store itself");
  return {};
}

std::filesystem::path copy_path(const std::filesystem::path& store) {
  return store.string() + ".backing-up";
}

}  // namespace

struct Backup::State {
  State(Vault& held, std::filesystem::path file) : vault(held), target(std::move(file)) {
    crypto_generichash_init(&sealed_hash, nullptr, 0, sizeof(Digest));
    crypto_generichash_init(&read_hash, nullptr, 0, sizeof(Digest));
  }
  ~State() {
    pages.reset();
    ::unlink(copy.c_str());
    if (!finished) ::unlink(part.c_str());
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Status begin_sealing();
  Result<bool> seal_some();
  Result<bool> verify_some();

  Vault& vault;
  const std::filesystem::path target;
  const std::filesystem::path part = target.string() + ".part";
  const std::filesystem::path copy = copy_path(vault.database().path());
  BackupHead head;
  SecretBytes key = SecretBytes::random(kKeyBytes);
  Actor actor;
  std::unique_ptr<PageCopy> pages;
  std::uint64_t size = 0;  // of the copy
  std::uint64_t sealed = 0;
  std::uint64_t verified = 0;
  UniqueFd reading;
  std::optional<BackupSink> sink;
  std::optional<BackupSource> source;
  crypto_generichash_state sealed_hash{};
  crypto_generichash_state read_hash{};
  bool finished = false;
};

Status Backup::State::begin_sealing() {
  pages.reset();
  reading = UniqueFd(::open(copy.c_str(), O_RDONLY | O_CLOEXEC));
  std::error_code ignored;
  size = std::filesystem::file_size(copy, ignored);
  MAITRED_ASSIGN(sink, BackupSink::create(part, head, key));
  BackupSecrets secrets;
  secrets.root = SecretBytes::copy_of(vault.root().span());
  secrets.database_bytes = size;
  return sink->write(encode_backup_secrets(secrets), false);
}

Result<bool> Backup::State::seal_some() {
  Bytes chunk(kBackupChunkBytes);
  for (std::size_t count = 0; count < kChunksPerStep; ++count) {
    const std::size_t want = std::min<std::uint64_t>(chunk.size(), size - sealed);
    if (::pread(reading.get(), chunk.data(), want, static_cast<off_t>(sealed)) !=
        static_cast<ssize_t>(want)) {
      return environment_error(
          "backup_failed", fmt::format("cannot read {}: {}", copy.string(), std::strerror(errno)));
    }
    sealed += want;
    crypto_generichash_update(&sealed_hash, chunk.data(), want);
    MAITRED_TRY(sink->write(ByteView(chunk).first(want), sealed == size));
    if (sealed < size) continue;
    MAITRED_TRY(sink->finish());
    MAITRED_ASSIGN(source, BackupSource::open(part));
    MAITRED_TRY(source->begin(key));
    return true;
  }
  return false;
}

Result<bool> Backup::State::verify_some() {
  for (std::size_t count = 0; count < kChunksPerStep; ++count) {
    MAITRED_ASSIGN(const auto chunk, source->next());
    if (chunk) {
      crypto_generichash_update(&read_hash, chunk->data(), chunk->size());
      verified += chunk->size();
      continue;
    }
    Digest written{};
    Digest read{};
    crypto_generichash_final(&sealed_hash, written.data(), written.size());
    crypto_generichash_final(&read_hash, read.data(), read.size());
    if (written == read) return true;
    return environment_error(
        "backup_failed",
        fmt::format("{} does not read as it was written: the disk is bad", part.string()));
  }
  return false;
}

Backup::Backup(std::unique_ptr<State> state) : state_(std::move(state)) {}
Backup::~Backup() = default;

Result<std::unique_ptr<Backup>> Backup::begin(Store& store, const std::filesystem::path& target,
                                              const std::optional<KeyAccess>& key,
                                              const Actor& actor) {
  Vault& vault = StoreAccess::vault(store);
  Database& database = vault.database();
  MAITRED_TRY(check_target(target, database.path()));
  auto state = std::make_unique<State>(vault, target);
  state->actor = actor;
  BackupHead& head = state->head;
  head = {vault.store_id(), actor.at, kSchemaVersion, {}, {}};
  if (key) {
    MAITRED_TRY(provide_key(*key));
    MAITRED_ASSIGN(SlotRecord slot, make_slot(*key, vault.store_id(), kBackupTable, 1, state->key));
    head.slots.push_back(std::move(slot));
  } else {
    head.for_store = vault.seal(Purpose::kBackup, {kBackupTable, "store"}, state->key.span());
    MAITRED_ASSIGN(auto slots, read_slots(database, kSchemaVersion));
    for (SlotRecord& slot : slots) {
      if (slot.public_key.empty()) continue;
      refill_slot(slot, vault.store_id(), kBackupTable, state->key);
      head.slots.push_back(std::move(slot));
    }
  }
  MAITRED_ASSIGN(state->pages, PageCopy::begin(database, state->copy));
  return std::unique_ptr<Backup>(new Backup(std::move(state)));
}

Result<StepProgress> Backup::step() {
  State& state = *state_;
  StepProgress progress;
  if (state.pages) {
    MAITRED_ASSIGN(const bool copied, state.pages->step(kPagesPerStep));
    if (copied) MAITRED_TRY(state.begin_sealing());
  } else if (!state.source) {
    MAITRED_TRY(state.seal_some());
  } else if (!state.finished) {
    MAITRED_ASSIGN(const bool verified, state.verify_some());
    if (verified) {
      const Status placed = finish_file(state.part, state.target);
      if (!placed) {
        return environment_error("backup_failed", placed.error().message);
      }
      state.finished = true;
      MAITRED_TRY(state.vault.transact(
          [&state] { return AuditChain(state.vault).append(state.actor, "backup", "", ""); }));
    }
  }
  // Copying, sealing and reading again are about as long each.
  constexpr std::uint64_t kPageBytes = 4096;
  const std::uint64_t copied = state.pages ? state.pages->done() * kPageBytes : state.size;
  progress.total = 3 * std::max<std::uint64_t>(state.size, copied);
  progress.done = copied + state.sealed + state.verified;
  progress.finished = state.finished;
  return progress;
}

std::uint64_t Backup::size_bytes() const { return state_->sink ? state_->sink->bytes() : 0; }

}  // namespace maitred
