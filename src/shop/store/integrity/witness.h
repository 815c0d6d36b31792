// A copy of the ledger's generation outside the database file: a store that is put back from an
// older copy is older than its witness.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "maitred/base/file.h"
#include "maitred/base/result.h"
#include "maitred/base/secret.h"
#include "src/shop/store/keys/sealing.h"

namespace maitred {

// What a witness last saw. `file` is there when the store was closed in order: the keyed hash of
// the whole database file, so that a changed bit shows even where SQLite keeps nothing.
struct WitnessRecord {
  std::uint64_t generation = 0;
  std::optional<Digest> file;
};

// STORE.generation: two records of one disk sector each, written in turn, so that a torn write
// spoils one of them at most. It may be behind the store after a power cut, never before it: it is
// written after the commit, and synced when the store is closed.
// Thread-compatible. On destruction, when it was begun, it notes the hash of the closed file; so it
// must go after the database.
class Witness {
 public:
  // `key` as long as a subkey.
  Witness(std::filesystem::path store, std::string store_id, ByteView key);
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // None when there is no such file. Errors (kEnvironment): store_older when it holds nothing
  // readable, or is another store's; store_failed.
  Result<std::optional<WitnessRecord>> read();

  // From now on it follows. Makes the file where it is missing; durable when it returns.
  // Error: store_failed.
  Status begin(std::uint64_t generation);

  // After each commit. A write that fails leaves it behind, which does no harm.
  void note(std::uint64_t generation);

  const std::filesystem::path& file() const { return file_; }

 private:
  void write(const WitnessRecord& record);

  const std::filesystem::path store_;
  const std::filesystem::path file_;
  const std::string store_id_;
  const SecretBytes key_;
  UniqueFd fd_;
  std::uint64_t generation_ = 0;
  unsigned turn_ = 0;
};

// The hash of a WitnessRecord, of a file that is open with an empty log. It is read through SQLite:
// to open and close the file beside it would drop its lock. Error: store_failed.
Result<Digest> hash_of_open_file(Database& database, ByteView key);

}  // namespace maitred
