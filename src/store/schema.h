// The tables of the store.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "database.h"

namespace maitred {

// Kept in the file's user_version. A file of a higher one is refused.
inline constexpr int kSchemaVersion = 1;

// Tables whose rows the ledger's digests cover. The position is part of the format: new ones go to
// the end. The audit chain and the ledger guard themselves.
std::span<const std::string_view> digested_tables();

Status create_schema(Database& database);

// That the file is a store of this version and has exactly the tables, and no trigger, view or
// index besides. Errors: store_too_new, store_corrupt.
Status check_schema(Database& database);

// SQLite's own check of every page, cell and index. Error: store_corrupt.
Status check_pages(Database& database);

// Names of the columns, in order.
Result<std::vector<std::string>> columns_of(Database& database, std::string_view table);

}  // namespace maitred
