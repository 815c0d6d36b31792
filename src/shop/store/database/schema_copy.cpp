#include "schema_copy.h"

#include <fmt/format.h>

#include <utility>

#include "maitred/base/file.h"
#include "schema.h"
#include "store_file.h"

namespace maitred {

Result<SchemaCopy> SchemaCopy::keep(Database& database, int version) {
  SchemaCopy kept(database);
  if (version == kSchemaVersion) return kept;
  MAITRED_TRY(database.truncate_wal());
  const std::filesystem::path target =
      fmt::format("{}.schema{}", database.path().string(), version);
  const std::filesystem::path built = target.string() + ".part";
  erase_file(built);
  // SQLite makes the copy: opening and closing the store's file here would drop SQLite's lock on
  // it.
  MAITRED_TRY(Query(database, "VACUUM INTO ?1", built.string()).run());
  std::error_code failed;
  std::filesystem::permissions(
      built, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, failed);
  MAITRED_TRY(finish_file(built, target));
  kept.copy_ = target;
  return kept;
}

SchemaCopy::SchemaCopy(SchemaCopy&& other) noexcept
    : database_(other.database_), copy_(std::exchange(other.copy_, {})) {}

SchemaCopy::~SchemaCopy() {
  if (copy_.empty() || !check_schema(database_)) return;
  Query version(database_, "PRAGMA user_version");
  const auto row = version.next();
  if (row && *row && version.number(0) == kSchemaVersion) erase_file(copy_);
}

}  // namespace maitred
