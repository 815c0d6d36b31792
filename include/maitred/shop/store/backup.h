// Sealed copies of a store, and putting one back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

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

// Writes a backup in bounded steps while the store is used; what is committed before the last of
// the copying steps is in it. Sealed for whoever opens the store, or, when `key` is given, for that
// key alone. It is built beside the target, in TARGET.part, read again and compared, and renamed:
// the target is a whole backup or what it was. An erasure meanwhile has it begin anew; later ones
// are replayed at `restore`. One that was interrupted goes on where it was when the same is asked
// for again: same target, same key, and no change of the store since. STORE.unfinished knows of it,
// and goes, with the part, when somebody is erased. Errors: backup_failed (kEnvironment),
// backup_target (kInput) for a path that cannot be meant, those of the key and of the store.
// Thread-compatible; the store must outlive it and not be restored meanwhile.
class Backup {
 public:
  static Result<std::unique_ptr<Backup>> begin(Store& store, const std::filesystem::path& target,
                                               const std::optional<KeyAccess>& key,
                                               const Actor& actor);
  ~Backup();  // what is not finished can be gone on with, unless there was no room or the disk is
              // bad

  // Before the first step: when it is finished it stays in TARGET.part, for somebody else to fetch,
  // and counts as taken when `backup_fetched` was called.
  void leave_in_part();
  Result<StepProgress> step();
  std::uint64_t size_bytes() const;  // of the finished file
  // Of the store's bytes: what an earlier backup had sealed and was kept.
  std::uint64_t resumed_bytes() const;
  // Why the part of an earlier one could not be gone on with; empty where it was, or there was
  // none.
  const std::string& why_anew() const;

 private:
  struct State;
  explicit Backup(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Has TARGET.part go, that a backup was left in, and writes down that a backup was taken. Error:
// backup_outdated (kEnvironment), when somebody was erased since, or another backup begun: what was
// fetched must not be kept.
Status backup_fetched(Store& store, const std::filesystem::path& target, const Actor& actor);

struct RestoreOptions {
  std::filesystem::path backup;
  std::optional<KeyAccess> backup_key;  // else the store's own key
  std::filesystem::path store;
  KeyAccess store_key;             // made, if it is a key file that is missing
  std::filesystem::path erasures;  // another list of erasures, of a lost disk; may be empty
  bool replace = false;            // a store of another id may be replaced
};

struct RestoreReport {
  std::string store;
  WallTime made{};              // of the backup
  std::uint64_t customers = 0;  // after the replay
  std::uint64_t erased = 0;     // replayed
  std::uint64_t withdrawn = 0;
  std::uint64_t staff = 0;      // tokens that were revoked since
  std::uint64_t slots = 0;      // key slots that were removed since
  bool replaced = false;        // there was a store
  bool erasures_known = false;  // from the store that was there, or a list
};

// Progress in bytes.
using RestoreProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Puts the backup in the place of the store, or where none is: checked whole, its erasures and
// withdrawals since then replayed, before the rename that makes it the store. `present` is the open
// store there, if this process has it; it becomes the restored one. Errors:
// - backup_missing, backup_invalid (kInput): not a backup, damaged, cut off, of a newer version
// - backup_key_wrong (kInput): the key or passphrase does not open it
// - store_differs (kInput): the store there is another one; `replace` allows it
// - store_locked, store_failed, store_corrupt, those of the key
Result<RestoreReport> restore_backup(const RestoreOptions& options, Store* present,
                                     const Actor& actor, const RestoreProgress& progress = {});

}  // namespace maitred
