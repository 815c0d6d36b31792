// What must not come back with a backup: the erasures and withdrawals of a store, in a file beside
// it. Only keyed hashes of customer ids stand in it, and, as erased, of staff tokens and key slots
// that were taken away.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "maitred/base/time.h"
#include "src/shop/store/keys/vault.h"

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

// Of a staff token by its hash in the table, of a key slot by its public key. Notes in the store
// that it was taken away; within a transaction. After the commit, list_revocations.
Status note_revocation(Vault& vault, const Bytes& index, WallTime at);
// Puts it on the list beside the store; where that cannot be now, the next start does it.
void list_revocations(Vault& vault);
Bytes slot_index(const Vault& vault, const Bytes& public_key);

// Key slots that were on the list when they had been made. Within a transaction.
Result<std::uint64_t> drop_revoked_slots(Vault& vault, const ErasureList& list);

struct Replayed {
  std::uint64_t erased = 0;
  std::uint64_t withdrawn = 0;
  std::uint64_t staff = 0;  // tokens
};

// Erases and withdraws in this store what the list says. A consent given after the withdrawal
// stands. Not within a transaction.
Result<Replayed> replay(Vault& vault, const ErasureList& list, const Actor& actor);

}  // namespace maitred
