// Sealed copies of a store, and restoring one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"
#include "maitred/shop/store/key_source.h"

namespace maitred {

class Store;

struct StepProgress {
  std::uint64_t done = 0;  // bytes
  std::uint64_t total = 0;
  bool finished = false;
};

// Writes a backup in bounded steps while the store is used. It contains everything committed before
// the last copying step. It is sealed for the keys of the store, or, if `key` is given, for that
// key alone. It is built in TARGET.part, read again, compared, and renamed: the target is a whole
// backup or what it was before.
//
// If somebody is erased meanwhile, the backup restarts; later erasures are replayed by `restore`.
// An interrupted backup continues if target and key are the same and the store has not changed
// since. STORE.unfinished describes it; an erasure deletes that file and the part.
//
// Errors: backup_failed (kEnvironment), backup_target (kInput) for a path that cannot be a backup,
// those of the key and of the store. Thread-compatible; the store must outlive it and must not be
// restored meanwhile.
class Backup {
 public:
  static Result<std::unique_ptr<Backup>> begin(Store& store, const std::filesystem::path& target,
                                               const std::optional<KeyAccess>& key,
                                               const Actor& actor);
  // An unfinished backup stays and can be continued, unless the disk was full or failed.
  ~Backup();

  // Leaves the finished backup in TARGET.part, for another process to fetch. It counts as taken
  // once `backup_fetched` was called. Call this before the first step.
  void leave_in_part();
  Result<StepProgress> step();
  std::uint64_t size_bytes() const;  // of the finished file
  // Bytes of the store that an interrupted backup had sealed and that were kept.
  std::uint64_t resumed_bytes() const;
  // Fingerprint of the store's signature, for RestoreOptions::signed_by.
  std::string signed_by() const;
  // Why an interrupted backup could not be continued; empty if it was, or if there was none.
  const std::string& why_restarted() const;

 private:
  struct Impl;
  explicit Backup(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Deletes TARGET.part after the backup in it was fetched, and notes that a backup was taken. Error:
// backup_outdated (kEnvironment) if somebody was erased since, or another backup has begun: then
// the fetched file must not be kept.
Status backup_fetched(Store& store, const std::filesystem::path& target, const Actor& actor);

struct RestoreOptions {
  std::filesystem::path backup;
  std::optional<KeyAccess> backup_key;  // if none, the store's own key is used
  std::filesystem::path store;
  KeyAccess store_key;             // a missing key file is created
  std::filesystem::path erasures;  // a list of erasures saved from a lost disk; may be empty
  bool replace = false;            // allows to replace a store of another id
  // The fingerprint that the backup's maker printed, where nothing on the box knows its signature.
  std::string signed_by;
  // Takes a backup that anybody may have made. Only key slots and tokens of this box are kept.
  bool accept_unsigned = false;
};

struct RestoreReport {
  std::string store;
  WallTime made{};              // of the backup
  std::uint64_t customers = 0;  // after the replay
  std::uint64_t erased = 0;     // replayed
  std::uint64_t withdrawn = 0;
  std::uint64_t staff = 0;                   // tokens revoked since the backup
  std::uint64_t slots = 0;                   // key slots removed since the backup
  std::vector<std::string> foreign_staff{};  // terminals whose token is not this box's: dropped
  std::vector<std::int64_t> foreign_slots{};
  bool replaced = false;        // a store was replaced
  bool erasures_known = false;  // from the replaced store or a list
};

// Progress in bytes.
using RestoreProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Makes the backup the store. Checks all of it and replays later erasures and withdrawals before
// the rename. `present` is the open store at that path, if this process has it open; it becomes the
// restored one. Errors:
// - backup_missing, backup_invalid (kInput): not a backup, damaged, cut off, of a newer version
// - backup_key_wrong (kInput): the key or passphrase does not open it
// - backup_not_authenticated (kInput): it carries no signature that this store, the key or
//   `signed_by` vouches for, so anybody may have made it
// - store_differs (kInput): the store there is another one; `replace` allows it
// - store_locked, store_failed, store_corrupt, those of the key
Result<RestoreReport> restore_backup(const RestoreOptions& options, Store* present,
                                     const Actor& actor, const RestoreProgress& progress = {});

}  // namespace maitred
