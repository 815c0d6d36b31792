// The inside of a store: its database, its keys and its ledger. The public parts work on it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "maitred/base/secret.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/rotation.h"
#include "maitred/types/ids.h"
#include "sealing.h"
#include "src/shop/store/integrity/ledger.h"
#include "src/shop/store/rows/records_json.h"

namespace maitred {

// The seed of a store: sealed to the root key in a row of its own, or, before schema 2, the root
// key itself. Error: store_corrupt.
Result<SecretBytes> read_seed(Database& database, int schema_version, const std::string& store_id,
                              const SecretBytes& root);

// Thread-compatible; stays where it was made.
class Vault {
 public:
  Vault(std::unique_ptr<Database> database, std::string store_id, SecretBytes root,
        SecretBytes seed);

  // Of a new store: the first epoch, and the ledger.
  Status begin();
  // Of an existing one: the epoch key and the ledger. Error: store_corrupt.
  Status unlock();
  // Whether the rows fit the ledger. Error: store_corrupt, naming the table.
  Status check_digests(int schema_version);
  // Brings a file of an older schema, checked before, to the present one.
  Status raise(int from);
  // All three.
  Status load(int schema_version);
  // After load, before the first change: every change keeps the digests from now on.
  Status follow() { return digests_.follow(ledger_.digests); }
  // Whether the rows fit the ledger. Error: store_corrupt.
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

  // Runs `work` in one transaction, nested ones as savepoints. Undone whole when it fails.
  Status transact(const std::function<Status()>& work);
  bool in_transaction() const { return depth_ > 0; }
  // Writes the ledger as it stands, though no row has changed.
  Status keep_ledger();
  // Told the generation after each commit.
  void set_on_commit(std::function<void(std::uint64_t)> told) { on_commit_ = std::move(told); }

  // Keyed hash by which a sealed value is found.
  Bytes blind(Purpose purpose, std::string_view text) const;

  // For what belongs to the store.
  Bytes seal(Purpose purpose, const Place& place, ByteView clear) const;
  Result<ClearBytes> open(Purpose purpose, const Place& place, ByteView sealed) const;

  // For what belongs to a customer, who must have a key.
  Status make_key(const CustomerId& id);
  Result<Bytes> seal_for(const CustomerId& id, const Place& place, ByteView clear);
  Result<ClearBytes> open_for(const CustomerId& id, const Place& place, ByteView sealed);
  // Unwraps row `n` of the data keys, which is this customer's; what is opened next needs no
  // look-up of it. Error: store_corrupt.
  Status take_data_key(const CustomerId& id, std::int64_t n, ByteView wrapped);

  // The same with a record for the bytes.
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

  // The group of a customer, whose key wraps theirs; none for whom there is not.
  Result<std::optional<std::int64_t>> key_group_of(const CustomerId& id);
  // The group with the highest number, -1 where there is none.
  Result<std::int64_t> last_key_group();
  // Gives a group a new key, and wraps the data keys in it anew; one without customers goes. In a
  // transaction.
  Status rekey_group(std::int64_t group);

  // Begins a new epoch on disk: all group keys are wrapped anew, the old epoch key goes. As the
  // last step of an outermost transaction but for audit rows; after it, call load_epoch.
  Status begin_epoch() { return begin_epoch(root_); }
  // The same, and the new epoch and the seed are sealed to a new root key, which the caller puts
  // into the slots; after the commit, call take_root.
  Status begin_epoch(const SecretBytes& root);
  // Takes up the epoch that stands in the database.
  Status load_epoch();
  Status take_root(SecretBytes root);
  // Seals the seed to this root key, on disk.
  Status store_seed(const SecretBytes& root);

  // Gives the customer a new data key: every row of theirs is sealed anew.
  Status rekey(const CustomerId& id);

  // store_corrupt, naming file, table and row.
  tl::unexpected<Error> corrupt(std::string_view table, std::string_view row) const;

 private:
  Result<ByteView> data_key(const CustomerId& id);
  Result<ByteView> group_key(std::int64_t group);
  Status store_group(std::int64_t group, std::uint64_t epoch, const SecretBytes& epoch_key,
                     ByteView key);
  Status group_keys_of_schema2();
  void forget_keys();
  Status save_ledger();
  Status load_ledger();
  Status check_digests(std::span<const std::string_view> tables);
  Status store_epoch(std::uint64_t epoch, const SecretBytes& key, const SecretBytes& root);
  void undo(const Ledger& before);

  // constant after construction
  std::unique_ptr<Database> database_;
  std::string store_id_;
  SecretBytes seed_;
  Subkeys subkeys_;
  TemplateRotation rotation_;
  RowDigests digests_;

  SecretBytes root_;
  std::uint64_t epoch_ = 0;
  SecretBytes epoch_key_;
  Ledger ledger_;
  int depth_ = 0;
  std::function<void(std::uint64_t)> on_commit_;

  // the data key used last, so that a customer's rows cost one unwrapping
  CustomerId key_owner_;
  SecretBytes key_;
  // the same of a group
  std::int64_t key_group_ = -1;
  SecretBytes group_key_;
};

}  // namespace maitred
