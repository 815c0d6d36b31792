// The tables of the store.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "database.h"

namespace maitred {

// The file's user_version. A file of a higher version is refused.
inline constexpr int kSchemaVersion = 5;

// Tables whose rows the ledger's digests cover. The position is part of the format: new tables go
// to the end. The audit chain and the ledger have protections of their own.
std::span<const std::string_view> digested_tables();
// The same for a file of an older version.
std::span<const std::string_view> digested_tables(int version);

Status create_schema(Database& database, int version = kSchemaVersion);

// Changes the tables from version `from` to the present one. Requires a transaction.
Status raise_schema(Database& database, int from);

// Checks that the file is a store with exactly the tables and indices of its version, and no
// trigger or view. Returns the version. Errors: store_too_new, store_corrupt.
Result<int> check_schema(Database& database);

// Runs SQLite's own check of every page, cell and index. Error: store_corrupt.
Status check_pages(Database& database);

// Names of the columns, in order.
Result<std::vector<std::string>> columns_of(Database& database, std::string_view table);

}  // namespace maitred
