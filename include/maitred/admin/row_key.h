// The external id of an imported row that has none.
#pragma once

#include <string_view>

namespace maitred {

// A row without an external id gets this prefix and a hash of the row as its external id, so that
// a second run of the import knows the row.
inline constexpr std::string_view kRowKeyPrefix = "row:";
inline bool is_row_key(std::string_view external) { return external.starts_with(kRowKeyPrefix); }

}  // namespace maitred
