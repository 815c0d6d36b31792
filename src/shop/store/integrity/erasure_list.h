// The list of erasures and withdrawals in a file beside the store, so that a restored backup brings
// nobody back. It holds keyed hashes of customer ids and, as erased, of revoked staff tokens and
// removed key slots.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "maitred/base/time.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Times by the blind index of the customer's id, in hexadecimal.
struct ErasureList {
  std::map<std::string, WallTime> erased;
  std::map<std::string, WallTime> withdrawn;

  void add(const ErasureList& other);
};

Bytes erasure_index(const Vault& vault, const CustomerId& id);

// The list as the store itself holds it. Error: store_corrupt.
Result<ErasureList> erasures_of(Vault& vault);

// Notes a withdrawal in the store. Requires a transaction.
Status note_withdrawal(Vault& vault, const CustomerId& id, WallTime at);

std::filesystem::path erasure_file(const std::filesystem::path& store);

// Reads the lines with a valid keyed hash of the store and ignores others. Empty if there is no
// file.
ErasureList read_erasure_file(const Vault& vault, const std::filesystem::path& file);

// Appends the entries that the store has and the file lacks, durably. Renames a file of another
// store. Error: store_failed.
Status write_erasure_file(Vault& vault, const std::filesystem::path& file);

// Appends the entry of one customer. Call it after the commit.
Status append_erasure(Vault& vault, const CustomerId& id, bool erased, WallTime at);

// Notes in the store that a staff token (by its hash in the table) or a key slot (by slot_index)
// was revoked. Requires a transaction. After the commit, call list_revocations.
Status note_revocation(Vault& vault, const Bytes& index, WallTime at);
// Adds revocations to the list beside the store. If that fails, the next start does it.
void list_revocations(Vault& vault);
Bytes slot_index(const Vault& vault, const Bytes& public_key);

// Deletes key slots that the list revokes, except `in_use`, and returns their number. Requires a
// transaction.
Result<std::uint64_t> drop_revoked_slots(Vault& vault, const ErasureList& list,
                                         std::int64_t in_use = 0);

// True if the list has an entry that the store lacks: then the store is older than its list, which
// is written after the store.
Result<bool> knows_more(Vault& vault, const ErasureList& list);
// True if the list ends something of a customer who is present.
Result<bool> names_present(Vault& vault, const ErasureList& list);
// Notes the list's entries in the store and changes nothing else.
Status absorb(Vault& vault, const ErasureList& list);

struct Replayed {
  std::uint64_t erased = 0;
  std::uint64_t withdrawn = 0;
  std::uint64_t staff = 0;  // tokens
};

// Carries out the list's erasures and withdrawals in this store, and notes all of the list there. A
// consent that was given after the withdrawal stays. Requires that no transaction is open.
Result<Replayed> replay(Vault& vault, const ErasureList& list, const Actor& actor);

}  // namespace maitred
