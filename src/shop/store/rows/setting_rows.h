// Rows of the table settings: small sealed values of the store, found by a key that stands in
// clear.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/shop/store/store.h"
#include "records_json.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

inline constexpr std::string_view kRotationKey = "rotation";
// "retention_run", "last_backup"
std::string_view setting_key(Upkeep upkeep);

// Nothing for a key without a row. Error: store_corrupt.
Result<std::optional<ClearBytes>> read_setting(Vault& vault, std::string_view key);
Status put_setting(Vault& vault, std::string_view key, ByteView clear);
Status drop_setting(Vault& vault, std::string_view key);

// The same for a record of records_json.h.
template <class Record>
Result<std::optional<Record>> read_setting_record(Vault& vault, std::string_view key) {
  MAITRED_ASSIGN(const auto clear, read_setting(vault, key));
  if (!clear) return std::nullopt;
  std::optional<Record> record = decode_record<Record>(*clear);
  if (!record) return vault.corrupt("settings", key);
  return record;
}
template <class Record>
Status put_setting_record(Vault& vault, std::string_view key, const Record& record) {
  MAITRED_ASSIGN(const ClearBytes clear, encode_record(record));
  return put_setting(vault, key, clear);
}

}  // namespace maitred
