// Puts a backup in the place of a store, in bounded steps.
#pragma once

#include <memory>

#include "maitred/base/result.h"
#include "maitred/shop/store/backup.h"

namespace maitred {

// Builds the restored store beside the present one, in STORE.restoring, and checks all of it. The
// last step replays the erasures and withdrawals made since the backup, then renames the file to
// the store. Until then the present store can be read and written; its state at the last step is
// what counts. Destroying an unfinished Restore removes STORE.restoring and changes nothing else.
// Thread-compatible. Errors: those of restore_backup.
class Restore {
 public:
  // `present` is the open store at options.store, if this process has it; it must outlive this
  // object, and the last step replaces it.
  static Result<std::unique_ptr<Restore>> begin(RestoreOptions options, Store* present,
                                                const Actor& actor);
  ~Restore();

  Result<StepProgress> step();
  // True if the next step replaces the present store.
  bool replaces_next() const;
  // Requires a finished step.
  const RestoreReport& report() const;

 private:
  struct Impl;
  explicit Restore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace maitred
