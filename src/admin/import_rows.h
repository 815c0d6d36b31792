// The rows of a file to import, by the names of their columns. Internal to core.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/admin/import_file.h"

namespace maitred {

using Fields = std::map<std::string, nlohmann::json, std::less<>>;  // texts, lists, an object

struct FieldRow {
  std::size_t row = 0;   // from 1; the head of a CSV file does not count
  std::size_t line = 0;  // of the file
  std::optional<Fields> fields;
  std::string reason;  // why there are none
};

struct ImportColumns {
  std::span<const std::string_view> known;
  std::span<const std::string_view> needed;  // in the head of a CSV file
};

// Every row, in order. Errors: import_empty, bad_column (kInput), as read_import has them. Pure.
Result<std::vector<FieldRow>> read_field_rows(std::string_view text, ImportFormat format,
                                              const ImportColumns& columns);

// The names of a CSV file's head in lower case, or of the keys of the first JSON object; empty when
// there are none.
std::vector<std::string> column_names(std::string_view text, ImportFormat format);

// A text, or a number that is not in quotes, without blanks at its ends; "" when it is not there.
// Error: bad_row (kInput).
Result<std::string> field_text(const Fields& fields, std::string_view column);

// The external id of a row without one: kRowKeyPrefix and a hash of what is in it.
std::string row_key(const nlohmann::json& content);

// A word of a file as it may stand in a message.
std::string shown_word(std::string_view text);

}  // namespace maitred
