// The witness: a copy of the ledger's generation outside the database file. It detects a store that
// was replaced by an older copy.
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

// What a witness last saw. `file` exists if the store was closed in order. It is the keyed hash of
// the whole database file, so that a changed bit is detected even in unused space.
struct WitnessRecord {
  std::uint64_t generation = 0;
  std::optional<Digest> file;
};

// STORE.generation: two records of one disk sector each, written in turn, so that a torn write
// spoils one of them at most. It is written after the commit and synced when the store is closed.
// So it may be behind the store after a power cut, but never ahead of it. Thread-compatible. On
// destruction, if it was begun, it notes the hash of the closed file: it must be destroyed after
// the database.
class Witness {
 public:
  // Requires a key of the length of a subkey.
  Witness(std::filesystem::path store, std::string store_id, ByteView key);
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // A key that `read` accepts too: that of the former seed, while keys are rotated.
  void read_with_former(ByteView key) { former_key_ = SecretBytes::copy_of(key); }

  // Follows a new seed, durably. Error: store_failed.
  Status turn_to(ByteView key);

  // Reads the newest record; nothing if there is no such file. Error: store_older (kEnvironment) if
  // it holds nothing readable or is another store's.
  Result<std::optional<WitnessRecord>> read();

  // Starts to follow the store from this generation. Creates the file if it is missing, durably.
  // Error: store_failed.
  Status begin(std::uint64_t generation);

  // Notes a commit. A write that fails leaves the witness behind the store, which does no harm.
  void note(std::uint64_t generation);

  const std::filesystem::path& file() const { return file_; }

 private:
  bool write(const WitnessRecord& record);

  const std::filesystem::path store_;
  const std::filesystem::path file_;
  const std::string store_id_;
  SecretBytes key_;
  SecretBytes former_key_;
  UniqueFd fd_;
  std::uint64_t generation_ = 0;
  unsigned turn_ = 0;
};

// The hash of a WitnessRecord, of a file that is open with an empty log. It is read through SQLite:
// to open and close the file beside it would drop its lock. Error: store_failed.
Result<Digest> hash_of_open_file(Database& database, ByteView key);

}  // namespace maitred
