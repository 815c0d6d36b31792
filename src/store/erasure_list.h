// What must not come back with a backup: the erasures and withdrawals of a store, in a file beside
// it. Only keyed hashes of customer ids stand in it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "maitred/base/time.h"
#include "vault.h"

namespace maitred {

// By the blind index of the customer's id, in hexadecimal.
struct ErasureList {
  std::map<std::string, WallTime> erased;
  std::map<std::string, WallTime> withdrawn;

  void add(const ErasureList& other);
};

Bytes erasure_index(const Vault& vault, const CustomerId& id);

// What the store itself knows. Error: store_corrupt.
Result<ErasureList> erasures_of(Vault& vault);

// Notes a withdrawal in the store, within a transaction of the caller's.
Status note_withdrawal(Vault& vault, const CustomerId& id, WallTime at);

std::filesystem::path erasure_file(const std::filesystem::path& store);

// Lines that carry the store's keyed hash; others are left out. Empty when there is no file.
ErasureList read_erasure_file(const Vault& vault, const std::filesystem::path& file);

// Appends what the store knows and the file does not; durable when it returns. A file of another
// store is put aside. Error: store_failed.
Status write_erasure_file(Vault& vault, const std::filesystem::path& file);

// Of one customer, after the commit.
Status append_erasure(Vault& vault, const CustomerId& id, bool erased, WallTime at);

struct Replayed {
  std::uint64_t erased = 0;
  std::uint64_t withdrawn = 0;
};

// Erases and withdraws in this store what the list says. A consent given after the withdrawal
// stands. Not within a transaction.
Result<Replayed> replay(Vault& vault, const ErasureList& list, const Actor& actor);

}  // namespace maitred
