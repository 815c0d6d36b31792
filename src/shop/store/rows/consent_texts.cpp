#include "maitred/shop/store/consent_texts.h"

#include <fmt/format.h>

#include <cstring>

#include "customer_rows.h"
#include "maitred/base/json.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestVersion = 100;
constexpr std::size_t kLongestConsentText = 60'000;
constexpr std::string_view kTextsTable = "consent_texts";

// Reads a row of: version, sealed. The value is the time it was added (8 bytes, little endian),
// then the text.
Result<ConsentText> read_text(Vault& vault, const Query& row) {
  ConsentText text;
  text.version = row.text(0);
  const Place place{kTextsTable, text.version};
  MAITRED_ASSIGN(const ClearBytes clear, vault.open(Purpose::kConsentTexts, place, row.blob(1)));
  std::int64_t added = 0;
  if (clear.size() < sizeof added) return vault.corrupt(place.table, place.row);
  std::memcpy(&added, clear.data(), sizeof added);
  text.added = WallTime(Milliseconds(added));
  text.text.assign(clear.begin() + sizeof added, clear.end());
  return text;
}

}  // namespace

Status ConsentTexts::add(const ConsentText& text, const Actor& actor) {
  MAITRED_TRY(check_text("version", text.version, kLongestVersion, false));
  MAITRED_TRY(check_text("text", text.text, kLongestConsentText, false));
  if (!is_plain_line(text.version) || !is_utf8(text.text)) {
    return input_error("field_invalid", "the consent text is not UTF-8 text: save it as such");
  }
  return vault_.transact([&]() -> Status {
    MAITRED_ASSIGN(const auto present, find(text.version));
    if (present) {
      return input_error(
          "text_exists",
          fmt::format("consent text {} exists, and people may have agreed to it: give "
                      "the new text another version",
                      text.version));
    }
    const std::int64_t added = text.added.time_since_epoch().count();
    ClearBytes clear(sizeof added + text.text.size());
    std::memcpy(clear.data(), &added, sizeof added);
    std::memcpy(clear.data() + sizeof added, text.text.data(), text.text.size());
    MAITRED_TRY(Query(vault_.database(), "INSERT INTO consent_texts VALUES (?1, ?2)", text.version,
                      vault_.seal(Purpose::kConsentTexts, {kTextsTable, text.version}, clear))
                    .run());
    return AuditChain(vault_).append(actor, "consent", "", "text " + text.version);
  });
}

Result<std::vector<ConsentText>> ConsentTexts::list() const {
  Query rows(vault_.database(), "SELECT version, sealed FROM consent_texts ORDER BY version");
  std::vector<ConsentText> texts;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return texts;
    MAITRED_ASSIGN(ConsentText text, read_text(vault_, rows));
    texts.push_back(std::move(text));
  }
}

Result<std::optional<ConsentText>> ConsentTexts::find(std::string_view version) const {
  Query row(vault_.database(), "SELECT version, sealed FROM consent_texts WHERE version = ?1",
            version);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return std::nullopt;
  MAITRED_ASSIGN(ConsentText text, read_text(vault_, row));
  return std::optional<ConsentText>(std::move(text));
}

}  // namespace maitred
