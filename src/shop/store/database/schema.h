// The tables of the store.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "database.h"

namespace maitred {

// Kept in the file's user_version. A file of a higher one is refused.
inline constexpr int kSchemaVersion = 4;

// Tables whose rows the ledger's digests cover. The position is part of the format: new ones go to
// the end. The audit chain and the ledger guard themselves.
std::span<const std::string_view> digested_tables();
// The same of a file of an older version.
std::span<const std::string_view> digested_tables(int version);

Status create_schema(Database& database, int version = kSchemaVersion);

// From version `from` to the present one; in a transaction of the caller's.
Status raise_schema(Database& database, int from);

// That the file is a store and has exactly the tables of its version, and no trigger, view or
// index besides; the version. Errors: store_too_new, store_corrupt.
Result<int> check_schema(Database& database);

// SQLite's own check of every page, cell and index. Error: store_corrupt.
Status check_pages(Database& database);

// Names of the columns, in order.
Result<std::vector<std::string>> columns_of(Database& database, std::string_view table);

}  // namespace maitred
