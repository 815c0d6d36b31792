// The file as it was, kept while it is brought to a newer schema.
#pragma once

#include <filesystem>

#include "database.h"
#include "maitred/base/result.h"

namespace maitred {

// STORE.schemaN, there until the migration has succeeded: after a failure the older program can go
// on with it. Removed on destruction when the file has reached the present version.
class SchemaCopy {
 public:
  // Makes it, durably, when `version` is not the present one. Error: store_failed.
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
