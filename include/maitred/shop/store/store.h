// The sealed store: one SQLite file in which no personal datum stands in clear.
//
// key (key_source.h) -> root key -> epoch key -> a key for each 256 customers -> one data key a
// customer -> every row of that customer. Subkeys serve the blind index, the rotation of templates,
// the audit chain, the digests and the receipts. An erasure gives the group a new key and begins a
// new epoch (erasure.cpp). src/shop/store/README.md describes every format on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"
#include "maitred/shop/store/consent_texts.h"
#include "maitred/shop/store/customers.h"
#include "maitred/shop/store/key_source.h"
#include "maitred/shop/store/keys.h"
#include "maitred/shop/store/receipt.h"
#include "maitred/shop/store/rotation.h"
#include "maitred/shop/store/staff.h"
#include "maitred/shop/store/visits.h"

namespace maitred {

class Vault;

struct OpenOptions {
  // Accepts a store that is older than its witness (STORE.generation) or has lost it. Erasures and
  // withdrawals on the list beside it are replayed. A store whose newest entry lies ahead of the
  // clock continues at the actor's time.
  bool accept_older = false;
  Actor actor;  // the author of the audit rows about accepting
};

// Regular work whose last time the store remembers.
enum class Upkeep { kRetention, kBackup };

// An open store. Only one process has it open: the daemon, or maitredctl without one. A call that
// returned success is on disk (WAL, synchronous=FULL). After a crash the store is as before or
// after the call that was interrupted. Thread-compatible. Movable; its parts live as long as it
// does.
class Store {
 public:
  // Creates an empty store of mode 0600, its folder if that is missing, and for a key of kind kFile
  // the key file, unless a valid one exists. The store appears whole or not at all. Errors,
  // kEnvironment if not stated otherwise: store_exists (kInput), store_locked,
  // store_failed, and those of the key (key_source.h).
  static Result<Store> create(const std::filesystem::path& path, const KeyAccess& key,
                              const Actor& actor);

  // Takes the lock (PATH.lock), opens the key, and checks the file and the digest of its rows.
  // Errors, all kEnvironment, naming the file and what to do:
  // - store_missing, store_failed
  // - store_locked: names the process that has it
  // - store_too_new: written by a newer maitred
  // - store_exposed: others may write the file or one beside it
  // - store_corrupt: not a store, damaged, or changed behind its back; names the table
  // - store_older: an older copy was put back, or the witness is missing
  // - key_wrong: this is not the key of this store
  // - those of the key (key_source.h)
  static Result<Store> open(const std::filesystem::path& path, const KeyAccess& key,
                            const OpenOptions& options = {});

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  const std::string& id() const;  // a UUID
  WallTime created() const;
  std::uint64_t epoch() const;

  Customers& customers();
  Visits& visits();
  Staff& staff();
  AuditChain& audit();
  Keys& keys();
  ConsentTexts& consent_texts();
  const Customers& customers() const;
  const Visits& visits() const;
  const Staff& staff() const;
  const AuditChain& audit() const;
  const TemplateRotation& rotation() const;

  // Runs several calls in one transaction. It is committed if `work` succeeds, and undone as a
  // whole if it fails. Results of the calls are on disk only when this returns. May be nested.
  // `forget` is not possible inside.
  Status together(const std::function<Status()>& work);

  // Withdraws the consent at the actor's time, in one transaction: open visits of the customer end
  // as withdrawn, open alerts become withdrawn with new seqs, kept photos are deleted. Returns
  // those alerts, to be sent. Errors: consent_withdrawn (kNo) if it is already; unknown_customer.
  Result<std::vector<StoredAlert>> withdraw(const CustomerId& id, const Actor& actor);

  // Crypto-shreds the customer. Deletes all rows and the key, wraps the other keys of the group
  // under a new group key and all group keys under a new epoch key, destroys the old ones, empties
  // the WAL, and verifies that no row is left. Open alerts disappear without an event: call
  // `withdraw` first. Errors: unknown_customer; erasure_incomplete (kEnvironment): erased, but the
  // WAL could not be emptied, which the next start will do.
  Result<Receipt> forget(const CustomerId& id, const Actor& actor);
  // The same for several customers in one epoch; returns a receipt each.
  Result<std::vector<Receipt>> forget_all(const std::vector<CustomerId>& ids, const Actor& actor);
  // Erased rows leave free pages, which are reused. If these are at least a quarter of the file and
  // 4 MiB, this returns some of them to the disk. True: call again for more.
  Result<bool> shrink_some();
  // The receipt of an earlier erasure. If a restore replayed it, the receipt has the time of the
  // restore. Error: not_erased (kNo).
  Result<Receipt> receipt_of(const CustomerId& id) const;
  // The public key of receipts, base64.
  const std::string& signing_key() const;

  // When this was last done to its end, if it ever was.
  Result<std::optional<WallTime>> last_upkeep(Upkeep upkeep) const;
  Status note_upkeep(Upkeep upkeep, WallTime at);

  // Small sealed values of the store; nothing for a key without a value.
  Result<std::optional<std::vector<std::uint8_t>>> setting(std::string_view key) const;
  Status set_setting(std::string_view key, std::span<const std::uint8_t> value);

  // Checks that the store's file was not deleted, replaced or made read-only since it was opened.
  // Every change checks it too. Error: store_failed.
  Status check_in_place() const;

  // Reads the whole file, opens every sealed row, checks the audit chain, and returns the number of
  // rows. Error: store_corrupt, naming table and row.
  Result<std::uint64_t> check() const;

 private:
  friend class StoreAccess;
  struct Parts;
  explicit Store(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace maitred
