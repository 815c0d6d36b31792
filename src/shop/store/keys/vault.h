// The core of a store: its database, keys and ledger. The public parts work on it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "key_ring.h"
#include "maitred/base/secret.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/rotation.h"
#include "maitred/types/ids.h"
#include "sealing.h"
#include "src/shop/store/integrity/ledger.h"
#include "src/shop/store/rows/records_json.h"

namespace maitred {

// Reads the seed of a store. Before schema 2 it was the root key itself. Error: store_corrupt.
Result<SecretBytes> read_seed(Database& database, int schema_version, const std::string& store_id,
                              const SecretBytes& root);

// The seed before the present one, while a rotation of keys is under way. What hangs on it still
// opens.
struct FormerSeed {
  SecretBytes seed;
  Subkeys subkeys;
  KeyRing ring_before;
  // Audit rows up to this one are linked under the present seed; `link` is the old link of that
  // row.
  std::uint64_t relinked = 0;
  Digest link{};
  bool chain_moved = false;  // all of them are
};

// Thread-compatible. Not movable, because SQLite points into it.
class Vault {
 public:
  Vault(std::unique_ptr<Database> database, std::string store_id, SecretBytes root,
        SecretBytes seed);

  // Sets up a new store: the first epoch and the ledger.
  Status begin();
  // Reads the epoch key and the ledger of an existing store. Error: store_corrupt.
  Status unlock();
  // Checks the rows of a file of this schema against the ledger. Error: store_corrupt, naming the
  // table.
  Status check_digests(int schema_version);
  // Migrates a file of an older schema, which was checked before, to the present one.
  Status raise(int from);
  // Does the three steps above.
  Status load(int schema_version);
  // From now on, every change updates the digests. Call it after load, before the first change.
  Status follow() { return digests_.follow(ledger_.digests, ledger_.next_digests); }
  // Checks the rows against the ledger. Error: store_corrupt.
  Status check_digests();

  Database& database() { return *database_; }
  const std::filesystem::path& path() const { return database_->path(); }
  const std::string& store_id() const { return store_id_; }
  std::uint64_t epoch() const { return epoch_; }
  Ledger& ledger() { return ledger_; }
  const TemplateRotation& rotation() const { return rotation_; }
  const SecretBytes& root() const { return root_; }
  const SecretBytes& seed() const { return seed_; }
  ByteView subkey(Purpose purpose) const { return subkeys_.of(purpose); }
  const KeyRing& ring() const { return ring_; }
  const std::optional<FormerSeed>& former() const { return former_; }

  // Runs `work` in a transaction; a nested one is a savepoint. If it fails, everything is undone.
  Status transact(const std::function<Status()>& work);
  bool in_transaction() const { return depth_ > 0; }
  // Writes the ledger although no row has changed.
  Status keep_ledger();
  // Sets a function that is called with the generation after each commit.
  void set_on_commit(std::function<void(std::uint64_t)> handler) {
    on_commit_ = std::move(handler);
  }

  // The keyed hash by which a sealed value is found (a blind index). Hashes of tokens and of erased
  // customers stay the same when the seed changes.
  Bytes blind(Purpose purpose, std::string_view text) const;
  // The hash that a row has which the rotation under way has not reached yet; otherwise as blind.
  Bytes former_blind(Purpose purpose, std::string_view text) const;

  // Seal and open values of the store.
  Bytes seal(Purpose purpose, const Place& place, ByteView clear) const;
  Result<ClearBytes> open(Purpose purpose, const Place& place, ByteView sealed) const;

  // Seal and open values of a customer. Require that the customer has a key.
  Status make_key(const CustomerId& id);
  Result<Bytes> seal_for(const CustomerId& id, const Place& place, ByteView clear);
  Result<ClearBytes> open_for(const CustomerId& id, const Place& place, ByteView sealed);
  // Unwraps row `n` of the data keys, which is this customer's, so that the next open_for needs no
  // query for it. Error: store_corrupt.
  Status take_data_key(const CustomerId& id, std::int64_t n, ByteView wrapped);

  // The same for a record of records_json.h.
  template <class Record>
  Result<Bytes> write_for(const CustomerId& id, const Place& place, const Record& record) {
    MAITRED_ASSIGN(const ClearBytes clear, encode_record(record));
    return seal_for(id, place, clear);
  }
  template <class Record>
  Result<Record> read_for(const CustomerId& id, const Place& place, ByteView sealed) {
    MAITRED_ASSIGN(const ClearBytes clear, open_for(id, place, sealed));
    std::optional<Record> record = decode_record<Record>(clear);
    if (!record) return corrupt(place.table, place.row);
    return std::move(*record);
  }

  // The group whose key wraps the customer's data key; nothing for an unknown customer.
  Result<std::optional<std::int64_t>> key_group_of(const CustomerId& id);
  // The highest number of a group; -1 if there is none.
  Result<std::int64_t> last_key_group();
  // Gives a group a new key and wraps its data keys again. A group without customers is deleted.
  // Requires a transaction.
  Status rekey_group(std::int64_t group);

  // Begins a new epoch on disk: wraps all group keys under a new epoch key and deletes the old one.
  // Requires the outermost transaction; only audit rows may follow in it. After the commit, call
  // load_epoch.
  Status begin_epoch() { return begin_epoch(root_); }
  // The same with a new root key, which the caller puts into the slots. After the commit, call
  // take_root.
  Status begin_epoch(const SecretBytes& root);
  // Loads the epoch that stands in the database.
  Status load_epoch();
  Status take_root(SecretBytes root);
  // Writes the seed, sealed under this root key.
  Status store_seed(const SecretBytes& root);

  // Makes this the seed of the store; the one before becomes the former seed. Requires the
  // outermost transaction, and no former seed. If the transaction fails, call take_back_seed.
  Status turn_to_seed(SecretBytes seed);
  void take_back_seed();
  // Sets a function that follows the seed outside the database. It must do so durably.
  void set_on_new_seed(std::function<Status()> handler) { on_new_seed_ = std::move(handler); }
  Status announce_seed() const { return on_new_seed_ ? on_new_seed_() : Status(); }
  // Notes how far the audit chain is linked under the present seed. Requires that this is on disk.
  void note_relinked(std::uint64_t row, const Digest& old_link, bool all);
  // Computes the digests under the present seed for up to `rows` more rows. True when they are
  // complete. Requires a former seed. After a restart it begins anew.
  Result<bool> sweep_digests(std::int64_t rows);
  // Ends the rotation to the present seed: the first in the transaction, as its last change, the
  // second after the commit. Require complete digests.
  Status drop_former_seed();
  void forget_former_seed();

  // Gives the customer a new data key and seals every row of the customer again.
  Status rekey(const CustomerId& id);

  // Returns store_corrupt, naming file, table and row.
  tl::unexpected<Error> corrupt(std::string_view table, std::string_view row) const;

 private:
  Result<ByteView> data_key(const CustomerId& id);
  Result<ByteView> group_key(std::int64_t group);
  Status store_group(std::int64_t group, std::uint64_t epoch, const SecretBytes& epoch_key,
                     ByteView key);
  Status group_keys_of_schema2();
  void forget_keys();
  Status load_ring();
  Status load_former();
  void take_ring(KeyRing ring);
  Status save_ledger();
  Status load_ledger();
  Status check_digests(std::span<const std::string_view> tables);
  Status store_epoch(std::uint64_t epoch, const SecretBytes& key, const SecretBytes& root);
  void undo(const Ledger& before);

  // Constant after construction.
  std::unique_ptr<Database> database_;
  std::string store_id_;

  SecretBytes seed_;
  Subkeys subkeys_;
  KeyRing ring_;
  std::optional<FormerSeed> former_;
  TemplateRotation rotation_;
  RowDigests digests_;
  std::function<Status()> on_new_seed_;

  SecretBytes root_;
  std::uint64_t epoch_ = 0;
  SecretBytes epoch_key_;
  Ledger ledger_;
  int depth_ = 0;
  std::function<void(std::uint64_t)> on_commit_;

  // The data key that was used last: the rows of one customer then cost one unwrapping.
  CustomerId key_owner_;
  SecretBytes key_;
  // The group key that was used last.
  std::int64_t key_group_ = -1;
  SecretBytes group_key_;
};

}  // namespace maitred
