#include "erasure_list.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <vector>

#include "erasure.h"
#include "maitred/base/file.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/keys/key_slots.h"
#include "src/shop/store/rows/customer_rows.h"
#include "src/shop/store/rows/withdrawal.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestErasureFile = std::size_t{256} << 20;
constexpr std::string_view kErasureHead = "maitred erasures 1 ";

// "erased|withdrawn INDEX TIME"; the keyed hash follows it in the file.
std::string entry_text(bool erased, const std::string& index, WallTime at) {
  return fmt::format("{} {} {}", erased ? "erased" : "withdrawn", index, format_time(at));
}

std::string signature_of(const Vault& vault, ByteView key, const std::string& entry) {
  return to_hex(keyed_hash(key, vault.store_id() + " " + entry));
}

// The keys under which the list is kept: a line for the store as it is, and one for each of the
// newest earlier seeds, because a backup of that time knows no later key. Who had an earlier key
// can forge only what such a backup reads.
std::vector<ByteView> list_keys(const Vault& vault) {
  constexpr std::size_t kMostSeeds = 8;  // each makes the list longer
  std::vector<ByteView> keys{vault.subkey(Purpose::kErasures)};
  const std::size_t count = vault.ring().former_count();
  for (std::size_t index = count - std::min(count, kMostSeeds); index < count; ++index) {
    keys.push_back(vault.ring().former(index).erasures);
  }
  return keys;
}

std::string signed_entry(const Vault& vault, ByteView key, bool erased, const std::string& index,
                         WallTime at) {
  const std::string entry = entry_text(erased, index, at);
  return fmt::format("{} {}\n", entry, signature_of(vault, key, entry));
}

std::optional<Bytes> index_from_hex(const std::string& hex) {
  Bytes index(sizeof(Digest));
  std::size_t length = 0;
  if (hex.size() != 2 * index.size() ||
      sodium_hex2bin(index.data(), index.size(), hex.data(), hex.size(), nullptr, &length,
                     nullptr) != 0) {
    return std::nullopt;
  }
  return index;
}

void read_entry(const Vault& vault, ByteView key, const std::string& line, ErasureList& list) {
  std::istringstream words(line);
  std::string what, hex, time, signature;
  words >> what >> hex >> time >> signature;
  const auto at = parse_time(time);
  if (!index_from_hex(hex) || !at || (what != "erased" && what != "withdrawn")) return;
  const bool erased = what == "erased";
  if (signature != signature_of(vault, key, entry_text(erased, hex, *at))) return;
  (erased ? list.erased : list.withdrawn)[hex] = *at;
}

Status append_text(const std::filesystem::path& file, const std::string& text) {
  const UniqueFd fd(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  const bool written =
      fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(fd.get()) == 0;
  if (written) return {};
  return environment_error("store_failed",
                           fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
}

std::string head_of(const Vault& vault) {
  return fmt::format("{}{}\n", kErasureHead, vault.store_id());
}

// The file's content; empty if there is none. A file of another store is renamed.
std::string own_content(const Vault& vault, const std::filesystem::path& file) {
  const auto bytes = read_file(file, kLongestErasureFile);
  if (!bytes) return "";
  std::string text(bytes->begin(), bytes->end());
  if (text.starts_with(head_of(vault))) return text;
  std::error_code ignored;
  std::filesystem::rename(file, file.string() + ".other", ignored);
  return "";
}

ErasureList read_lines(const Vault& vault, ByteView key, const std::string& content) {
  ErasureList list;
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) read_entry(vault, key, line, list);
  return list;
}

// The lines of `known` that the file lacks under this key.
std::string missing_lines(const Vault& vault, ByteView key, const ErasureList& known,
                          const std::string& content) {
  const ErasureList written = read_lines(vault, key, content);
  std::string missing;
  const auto add = [&](bool erased, const auto& entries, const auto& present) {
    for (const auto& [index, at] : entries) {
      const auto last = present.find(index);
      if (last != present.end() && last->second == at) continue;
      missing += signed_entry(vault, key, erased, index, at);
    }
  };
  add(true, known.erased, written.erased);
  add(false, known.withdrawn, written.withdrawn);
  return missing;
}

Status put_withdrawal(Vault& vault, const Bytes& index, WallTime at) {
  MAITRED_ASSIGN(const ClearBytes clear, encode_record(Tombstone{at, vault.epoch()}));
  return Query(vault.database(),
               "INSERT INTO withdrawals VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sealed = ?2",
               index, vault.seal(Purpose::kTombstones, {"withdrawals", to_hex(index)}, clear))
      .run();
}

Result<std::map<std::string, WallTime>> read_table(Vault& vault, std::string_view table,
                                                   std::string_view sql) {
  Query rows(vault.database(), sql);
  std::map<std::string, WallTime> entries;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return entries;
    const Place place{table, to_hex(rows.blob(0))};
    // A row of schema 1 is bound to an id that was erased, so its time cannot be read.
    const auto clear = vault.open(Purpose::kTombstones, place, rows.blob(1));
    const auto entry = clear ? decode_record<Tombstone>(*clear) : std::nullopt;
    entries.emplace(place.row, entry ? entry->erased : WallTime{});
  }
}

// Finds the customers of this store that are on the list.
Status find_listed(Vault& vault, const ErasureList& list, std::vector<CustomerId>& erased,
                   std::vector<std::pair<CustomerId, WallTime>>& withdrawn) {
  Query rows(vault.database(), "SELECT id FROM customers ORDER BY n");
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return {};
    const CustomerId id(rows.text(0));
    const std::string index = to_hex(erasure_index(vault, id));
    const auto end = list.withdrawn.find(index);
    if (list.erased.contains(index)) {
      erased.push_back(id);
    } else if (end != list.withdrawn.end()) {
      withdrawn.emplace_back(id, end->second);
    }
  }
}

// True if the store does not know of the withdrawal, or only of an earlier one.
bool is_missing(const std::map<std::string, WallTime>& known, const std::string& index,
                WallTime at) {
  const auto found = known.find(index);
  // A row of schema 1 has no time.
  return found == known.end() || (found->second < at && found->second != WallTime{});
}

struct Revocation {
  Bytes index;
  WallTime at;
};

// Key slots that are present, were revoked before, and according to the list once more.
Result<std::vector<Revocation>> revoked_again(Vault& vault, const ErasureList& list,
                                              const ErasureList& known) {
  MAITRED_ASSIGN(const auto slots, read_slots(vault.database(), kSchemaVersion));
  std::vector<Revocation> found;
  for (const SlotRecord& slot : slots) {
    Bytes index = slot_index(vault, slot.public_key);
    const auto listed = list.erased.find(to_hex(index));
    const auto noted = known.erased.find(to_hex(index));
    if (listed == list.erased.end() || noted == known.erased.end()) continue;
    if (noted->second < listed->second && slot.made <= listed->second) {
      found.push_back({std::move(index), listed->second});
    }
  }
  return found;
}

// Notes the whole list in the store, so that it no longer knows more than the store. Requires a
// transaction.
Status note_list(Vault& vault, const ErasureList& list) {
  MAITRED_ASSIGN(const ErasureList known, erasures_of(vault));
  for (const auto& [index, at] : list.erased) {
    const auto bytes = index_from_hex(index);
    if (bytes && !known.erased.contains(index)) MAITRED_TRY(note_revocation(vault, *bytes, at));
  }
  MAITRED_ASSIGN(const auto again, revoked_again(vault, list, known));
  for (const auto& [index, at] : again) MAITRED_TRY(note_revocation(vault, index, at));
  for (const auto& [index, at] : list.withdrawn) {
    const auto bytes = index_from_hex(index);
    const bool ended = known.erased.contains(index) || list.erased.contains(index);
    if (bytes && !ended && is_missing(known.withdrawn, index, at)) {
      MAITRED_TRY(put_withdrawal(vault, *bytes, at));
    }
  }
  return {};
}

Result<std::uint64_t> drop_revoked_staff(Vault& vault, const ErasureList& list) {
  std::vector<Bytes> tokens;
  {
    Query rows(vault.database(), "SELECT token FROM staff");
    for (;;) {
      MAITRED_ASSIGN(const bool found, rows.next());
      if (!found) break;
      const ByteView token = rows.blob(0);
      if (list.erased.contains(to_hex(token))) tokens.emplace_back(token.begin(), token.end());
    }
  }
  for (const Bytes& token : tokens) {
    MAITRED_TRY(Query(vault.database(), "DELETE FROM staff WHERE token = ?1", token).run());
  }
  return tokens.size();
}

}  // namespace

Status note_revocation(Vault& vault, const Bytes& index, WallTime at) {
  MAITRED_TRY(Query(vault.database(), "DELETE FROM tombstones WHERE id = ?1", index).run());
  return note_erasure(vault, index, {at, vault.epoch(), std::nullopt});
}

void list_revocations(Vault& vault) {
  static_cast<void>(write_erasure_file(vault, erasure_file(vault.path())));
}

Bytes slot_index(const Vault& vault, const Bytes& public_key) {
  return vault.blind(Purpose::kTombstones, "slot " + to_hex(public_key));
}

Result<std::uint64_t> drop_revoked_slots(Vault& vault, const ErasureList& list,
                                         std::int64_t in_use) {
  MAITRED_ASSIGN(const auto slots, read_slots(vault.database(), kSchemaVersion));
  std::uint64_t dropped = 0;
  for (const SlotRecord& slot : slots) {
    const auto revoked = list.erased.find(to_hex(slot_index(vault, slot.public_key)));
    // The same key may have been added again after it was revoked.
    if (revoked == list.erased.end() || revoked->second < slot.made) continue;
    if (slot.number == in_use) continue;
    MAITRED_TRY(
        Query(vault.database(), "DELETE FROM key_slots WHERE slot = ?1", slot.number).run());
    ++dropped;
  }
  return dropped;
}

void ErasureList::add(const ErasureList& other) {
  erased.insert(other.erased.begin(), other.erased.end());
  for (const auto& [index, at] : other.withdrawn) {
    WallTime& latest = withdrawn[index];
    latest = std::max(latest, at);
  }
}

Bytes erasure_index(const Vault& vault, const CustomerId& id) {
  return vault.blind(Purpose::kTombstones, id.value);
}

Result<ErasureList> erasures_of(Vault& vault) {
  ErasureList list;
  MAITRED_ASSIGN(list.erased, read_table(vault, "tombstones", "SELECT id, sealed FROM tombstones"));
  MAITRED_ASSIGN(list.withdrawn,
                 read_table(vault, "withdrawals", "SELECT id, sealed FROM withdrawals"));
  return list;
}

Status note_withdrawal(Vault& vault, const CustomerId& id, WallTime at) {
  return put_withdrawal(vault, erasure_index(vault, id), at);
}

std::filesystem::path erasure_file(const std::filesystem::path& store) {
  return store.string() + ".erasures";
}

ErasureList read_erasure_file(const Vault& vault, const std::filesystem::path& file) {
  return read_lines(vault, vault.subkey(Purpose::kErasures), own_content(vault, file));
}

Status write_erasure_file(Vault& vault, const std::filesystem::path& file) {
  MAITRED_ASSIGN(const ErasureList known, erasures_of(vault));
  if (known.erased.empty() && known.withdrawn.empty()) return {};
  const std::string content = own_content(vault, file);
  std::string missing = content.empty() ? head_of(vault) : "";
  // Ends a line that a power cut tore, so that the next line is whole.
  if (!content.empty() && content.back() != '\n') missing += "\n";
  const std::size_t nothing_missing = missing.size();
  for (const ByteView key : list_keys(vault)) missing += missing_lines(vault, key, known, content);
  return missing.size() == nothing_missing ? Status{} : append_text(file, missing);
}

Status append_erasure(Vault& vault, const CustomerId& id, bool erased, WallTime at) {
  const auto file = erasure_file(vault.database().path());
  std::error_code ignored;
  std::string text = std::filesystem::exists(file, ignored) ? "" : head_of(vault);
  const std::string index = to_hex(erasure_index(vault, id));
  for (const ByteView key : list_keys(vault)) text += signed_entry(vault, key, erased, index, at);
  return append_text(file, text);
}

Result<bool> knows_more(Vault& vault, const ErasureList& list) {
  MAITRED_ASSIGN(const ErasureList known, erasures_of(vault));
  MAITRED_ASSIGN(const auto again, revoked_again(vault, list, known));
  const auto erased = [&](const auto& entry) { return known.erased.contains(entry.first); };
  if (!again.empty() || !std::ranges::all_of(list.erased, erased)) return true;
  return std::ranges::any_of(list.withdrawn, [&](const auto& entry) {
    return !erased(entry) && is_missing(known.withdrawn, entry.first, entry.second);
  });
}

Result<bool> names_present(Vault& vault, const ErasureList& list) {
  std::vector<CustomerId> erased;
  std::vector<std::pair<CustomerId, WallTime>> withdrawn;
  MAITRED_TRY(find_listed(vault, list, erased, withdrawn));
  for (const auto& [id, at] : withdrawn) {
    MAITRED_ASSIGN(const Consent consent, read_consent(vault, id));
    if (!consent.withdrawn && consent.granted < at) return true;
  }
  return !erased.empty();
}

Status absorb(Vault& vault, const ErasureList& list) {
  return vault.transact([&] { return note_list(vault, list); });
}

Result<Replayed> replay(Vault& vault, const ErasureList& list, const Actor& actor) {
  std::vector<CustomerId> erased;
  std::vector<std::pair<CustomerId, WallTime>> withdrawn;
  MAITRED_TRY(find_listed(vault, list, erased, withdrawn));
  Replayed done;
  MAITRED_TRY(vault.transact([&]() -> Status {
    for (const auto& [id, at] : withdrawn) {
      MAITRED_ASSIGN(Consent consent, read_consent(vault, id));
      if (consent.withdrawn.has_value() || consent.granted >= at) continue;
      MAITRED_TRY(
          withdraw_consent(vault, id, std::move(consent), at, actor, "withdrawn, replayed"));
      ++done.withdrawn;
    }
    MAITRED_ASSIGN(done.staff, drop_revoked_staff(vault, list));
    return note_list(vault, list);
  }));
  if (!erased.empty()) MAITRED_TRY(erase_all(vault, erased, actor));
  done.erased = erased.size();
  return done;
}

}  // namespace maitred
