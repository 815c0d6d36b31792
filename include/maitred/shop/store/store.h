// The sealed store: one SQLite file in which no personal datum stands in clear.
//
// KEK (key_source.h) -> root key -> epoch key -> a key for each 256 customers -> one data key a
// customer -> every row of that customer. Subkeys of the root key serve the blind index, the
// rotation, the audit chain, the digest and the receipts. Erasing a customer gives the group a new
// key and begins a new epoch (erasure.cpp).
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
  // Takes a store that is older than its witness (STORE.generation), or has lost it, as it is:
  // erasures and withdrawals that are on record beside it are replayed. A store whose newest entry
  // lies ahead of the clock goes on at the actor's time.
  bool accept_older = false;
  Actor actor;  // for the audit rows of that
};

// Regular work whose last time the store remembers.
enum class Upkeep { kRetention, kBackup };

// An open store. Only one process has it open: the daemon, or maitredctl without one. What a call
// returned with success is on disk (WAL, synchronous=FULL); a crash leaves the store as before or
// after each call. Thread-compatible. Movable; the parts it hands out live as long as it does.
class Store {
 public:
  // Makes a new empty store of mode 0600, its folder if it is missing, and for a key of kind kFile
  // the key file, unless a valid one is there already. The store appears whole or not at all.
  // Errors, kEnvironment where not said otherwise: store_exists (kInput), store_locked,
  // store_failed, and those of the key (key_source.h).
  static Result<Store> create(const std::filesystem::path& path, const KeyAccess& key,
                              const Actor& actor);

  // Takes the lock (PATH.lock), opens the key, and checks the file and the digest of its rows.
  // Errors, all kEnvironment, naming the file and what to do:
  // - store_missing, store_failed
  // - store_locked: names the process that has it
  // - store_too_new: written by a newer maitred
  // - store_corrupt: not a store, damaged, or changed behind its back; names the table
  // - store_older: an older copy of it was put back, or its witness is gone
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

  // Groups calls into one transaction, which is committed when `work` succeeds and undone whole
  // when it fails. What the calls within return is on disk only when this returns. May be nested.
  // `forget` is not possible within.
  Status together(const std::function<Status()>& work);

  // In one transaction: the consent is withdrawn at the actor's time, open visits of the customer
  // end as withdrawn, open alerts become withdrawn with new seqs, kept photos are deleted. Returns
  // those alerts, to be sent.
  // Error: consent_withdrawn (kNo) when it is already; unknown_customer.
  Result<std::vector<StoredAlert>> withdraw(const CustomerId& id, const Actor& actor);

  // Crypto-shreds the customer: all its rows and its key go, the keys of its group are wrapped anew
  // under a new one, that and those of the other groups under a new epoch key; the old ones are
  // destroyed, the WAL is emptied, and it is verified that nothing is left. Open alerts go without
  // an event: call `withdraw` before it. Error: unknown_customer; erasure_incomplete
  // (kEnvironment): erased, but the WAL could not be emptied; it will be at the next start.
  Result<Receipt> forget(const CustomerId& id, const Actor& actor);
  // Several in one epoch: a receipt each.
  Result<std::vector<Receipt>> forget_all(const std::vector<CustomerId>& ids, const Actor& actor);
  // What is erased leaves pages that are used again. Where they are a quarter of the file or more,
  // and 4 MiB, this gives some back to the disk; true: call again for more.
  Result<bool> shrink_some();
  // The receipt of an erasure that was done before; of one that a restore replayed, with the time
  // of that. Error: not_erased (kNo).
  Result<Receipt> receipt_of(const CustomerId& id) const;
  // The public key of receipts, base64.
  const std::string& signing_key() const;

  // When this was last done to its end, if it ever was.
  Result<std::optional<WallTime>> last_upkeep(Upkeep upkeep) const;
  Status note_upkeep(Upkeep upkeep, WallTime at);

  // Small sealed values that belong to the store. A missing one is none.
  Result<std::optional<std::vector<std::uint8_t>>> setting(std::string_view key) const;
  Status set_setting(std::string_view key, std::span<const std::uint8_t> value);

  // Reads the whole file, opens every sealed row and walks the audit chain; the number of rows.
  // Error: store_corrupt, naming table and row.
  Result<std::uint64_t> check() const;

 private:
  friend class StoreAccess;
  struct Parts;
  explicit Store(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace maitred
