#include "setting_rows.h"

namespace maitred {

std::string_view setting_key(Upkeep upkeep) {
  return upkeep == Upkeep::kRetention ? "retention_run" : "last_backup";
}

Result<std::optional<ClearBytes>> read_setting(Vault& vault, std::string_view key) {
  Query row(vault.database(), "SELECT sealed FROM settings WHERE key = ?1", key);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return std::nullopt;
  MAITRED_ASSIGN(ClearBytes clear,
                 vault.open(Purpose::kSettings, {"settings", std::string(key)}, row.blob(0)));
  return clear;
}

Status put_setting(Vault& vault, std::string_view key, ByteView clear) {
  return Query(vault.database(),
               "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET sealed = ?2",
               key, vault.seal(Purpose::kSettings, {"settings", std::string(key)}, clear))
      .run();
}

Status drop_setting(Vault& vault, std::string_view key) {
  return Query(vault.database(), "DELETE FROM settings WHERE key = ?1", key).run();
}

}  // namespace maitred
