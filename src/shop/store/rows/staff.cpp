#include "maitred/shop/store/staff.h"

#include <sodium.h>

#include <array>

#include "customer_rows.h"
#include "maitred/base/file.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestStaffName = 100;
constexpr std::size_t kLongestStaffWord = 64;
constexpr std::size_t kMostStaffWords = 16;
constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kTokenLength = 43;

Bytes name_index(const Vault& vault, std::string_view name) {
  return vault.blind(Purpose::kTokens, "name " + std::string(name));
}

Bytes token_hash(const Vault& vault, std::string_view token) {
  return vault.blind(Purpose::kTokens, "token " + std::string(token));
}

std::string new_token() {
  const SecretBytes secret = SecretBytes::random(kTokenBytes);
  std::array<char, kTokenLength + 1> text{};
  sodium_bin2base64(text.data(), text.size(), secret.data(), secret.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  std::string token(text.data(), kTokenLength);
  sodium_memzero(text.data(), text.size());
  return token;
}

// Reads a row of: name, sealed.
Result<StaffMember> read_member(Vault& vault, const Query& row) {
  const Place place{"staff", to_hex(row.blob(0))};
  MAITRED_ASSIGN(const ClearBytes clear, vault.open(Purpose::kStaff, place, row.blob(1)));
  auto member = decode_record<StaffMember>(clear);
  if (!member) return vault.corrupt(place.table, place.row);
  return std::move(*member);
}

}  // namespace

Result<std::string> Staff::add(StaffMember member, const Actor& actor) {
  const std::string& name = member.name;
  MAITRED_TRY(check_text("name", name, kLongestStaffName, false));
  for (const auto* words : {&member.skills, &member.zones}) {
    if (words->size() > kMostStaffWords) {
      return input_error("field_invalid", "a terminal has at most 16 skills and 16 zones");
    }
    for (const std::string& word : *words) {
      MAITRED_TRY(check_text("skill or zone", word, kLongestStaffWord, false));
    }
  }
  member.added = actor.at;
  std::string token = new_token();
  const Status done = vault_.transact([&]() -> Status {
    const Bytes index = name_index(vault_, name);
    Query taken(vault_.database(), "SELECT 1 FROM staff WHERE name = ?1", index);
    MAITRED_ASSIGN(const bool found, taken.next());
    if (found) {
      return input_error(
          "staff_exists",
          "there is a staff terminal of this name: revoke it first, or give another name");
    }
    MAITRED_ASSIGN(const ClearBytes clear, encode_record(member));
    const Bytes sealed = vault_.seal(Purpose::kStaff, {"staff", to_hex(index)}, clear);
    MAITRED_TRY(Query(vault_.database(),
                      "INSERT INTO staff (name, token, sealed) VALUES (?1, ?2, ?3)", index,
                      token_hash(vault_, token), sealed)
                    .run());
    return AuditChain(vault_).append(actor, "staff", name, "added");
  });
  MAITRED_TRY(done);
  return token;
}

Status Staff::revoke(const std::string& name, const Actor& actor) {
  MAITRED_TRY(vault_.transact([&]() -> Status {
    const Bytes index = name_index(vault_, name);
    Bytes token;
    {
      Query row(vault_.database(), "SELECT token FROM staff WHERE name = ?1", index);
      MAITRED_ASSIGN(const bool found, row.next());
      if (!found) {
        return input_error("unknown_staff",
                           "there is no staff terminal of this name: see "
                           "maitredctl staff list");
      }
      token.assign(row.blob(0).begin(), row.blob(0).end());
    }
    MAITRED_TRY(Query(vault_.database(), "DELETE FROM staff WHERE name = ?1", index).run());
    // A restore of an older backup must not bring the token back.
    MAITRED_TRY(note_revocation(vault_, token, actor.at));
    return AuditChain(vault_).append(actor, "staff", name, "revoked");
  }));
  list_revocations(vault_);
  return {};
}

Result<bool> Staff::empty() const {
  Query rows(vault_.database(), "SELECT name, sealed FROM staff ORDER BY n");
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return true;
    MAITRED_ASSIGN(const StaffMember member, read_member(vault_, rows));
    if (!member.system) return false;
  }
}

Result<std::vector<StaffMember>> Staff::list() const {
  Query rows(vault_.database(), "SELECT name, sealed FROM staff ORDER BY n");
  std::vector<StaffMember> members;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return members;
    MAITRED_ASSIGN(StaffMember member, read_member(vault_, rows));
    members.push_back(std::move(member));
  }
}

Result<std::optional<std::string>> Staff::check(std::string_view token) const {
  MAITRED_ASSIGN(auto found, member(token));
  if (!found || found->system) return std::nullopt;
  return std::move(found->name);
}

Result<std::optional<StaffMember>> Staff::member(std::string_view token) const {
  if (token.size() != kTokenLength) return std::nullopt;
  Query row(vault_.database(), "SELECT name, sealed FROM staff WHERE token = ?1",
            token_hash(vault_, token));
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return std::nullopt;
  MAITRED_ASSIGN(StaffMember whose, read_member(vault_, row));
  return std::optional(std::move(whose));
}

}  // namespace maitred
