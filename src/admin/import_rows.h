// The rows of a file to import, by the names of their columns. Internal to admin.
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
  std::size_t row = 0;   // from 1, without the head of a CSV file
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

// Returns the columns of a CSV file's head in lower case, or the keys of the first JSON object.
std::vector<std::string> column_names(std::string_view text, ImportFormat format);

// Returns a text, or a number that is not in quotes, without blanks at its ends; "" if it is
// absent. Error: bad_row (kInput).
Result<std::string> field_text(const Fields& fields, std::string_view column);

// Returns the external id of a row without one: kRowKeyPrefix and a hash of its content.
std::string row_key(const nlohmann::json& content);

// Returns a word of a file, cut and made safe for a message.
std::string shown_word(std::string_view text);

// Returns why a row is rejected, on one line: the message may quote the file.
std::string reason_text(const Error& error);

}  // namespace maitred
