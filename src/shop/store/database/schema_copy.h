// A copy of the store from before a migration.
#pragma once

#include <filesystem>

#include "database.h"
#include "maitred/base/result.h"

namespace maitred {

// STORE.schemaN, kept until the migration has succeeded: after a failure, the older program can
// continue with it. Deleted on destruction if the store has reached the present version.
class SchemaCopy {
 public:
  // Makes the copy, durably, unless `version` is the present one. Error: store_failed.
  static Result<SchemaCopy> keep(Database& database, int version);
  SchemaCopy(SchemaCopy&& other) noexcept;
  SchemaCopy& operator=(SchemaCopy&&) = delete;
  ~SchemaCopy();

 private:
  explicit SchemaCopy(Database& database) : database_(database) {}
  Database& database_;
  std::filesystem::path copy_;
};

}  // namespace maitred
