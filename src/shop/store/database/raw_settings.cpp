#include "raw_settings.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "src/shop/store/rows/setting_rows.h"

namespace maitred {
namespace {

// The old forms are little-endian 64-bit words, as the programs of those schemas left them in
// memory.
constexpr std::size_t kWordBytes = 8;
constexpr std::size_t kRotationWords = 7;
constexpr std::size_t kRotationWordsOfSchema2 = 5;  // without the two words about groups

Result<std::vector<std::int64_t>> read_words(Vault& vault, std::string_view key) {
  MAITRED_ASSIGN(const auto bytes, read_setting(vault, key));
  std::vector<std::int64_t> words;
  if (!bytes) return words;
  if (bytes->empty() || bytes->size() % kWordBytes != 0) {
    return vault.corrupt("settings", key);
  }
  for (std::size_t offset = 0; offset < bytes->size(); offset += kWordBytes) {
    std::uint64_t word = 0;
    for (std::size_t byte = kWordBytes; byte-- > 0;) word = word << 8 | (*bytes)[offset + byte];
    words.push_back(static_cast<std::int64_t>(word));
  }
  return words;
}

Status rewrite_time(Vault& vault, Upkeep upkeep) {
  const std::string_view key = setting_key(upkeep);
  MAITRED_ASSIGN(const auto words, read_words(vault, key));
  if (words.empty()) return {};
  if (words.size() != 1) return vault.corrupt("settings", key);
  return put_setting_record(vault, key, NotedTime{WallTime(Milliseconds(words[0]))});
}

Status rewrite_rotation(Vault& vault) {
  MAITRED_ASSIGN(const auto words, read_words(vault, kRotationKey));
  if (words.empty()) return {};
  if (words.size() != kRotationWords && words.size() != kRotationWordsOfSchema2) {
    return vault.corrupt("settings", kRotationKey);
  }
  RotationState state;
  state.after = words[0];
  state.last = words[1];
  state.old_slot = words[2];
  state.done = static_cast<std::uint64_t>(words[3]);
  state.total = static_cast<std::uint64_t>(words[4]);
  if (words.size() == kRotationWords) {
    state.next_group = words[5];
    state.groups = words[6] + 1;  // the old form held the number of the last group
  }
  return put_setting_record(vault, kRotationKey, state);
}

}  // namespace

Status rewrite_raw_settings(Vault& vault) {
  MAITRED_TRY(rewrite_time(vault, Upkeep::kRetention));
  MAITRED_TRY(rewrite_time(vault, Upkeep::kBackup));
  return rewrite_rotation(vault);
}

}  // namespace maitred
