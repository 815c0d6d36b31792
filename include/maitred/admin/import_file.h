// A file of customers to enrol, as a point-of-sale or CRM system exports it. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

enum class ImportFormat { kCsv, kJsonLines };

inline constexpr std::size_t kImportFileLimitBytes = std::size_t{256} << 20;
// The external id of a row that has none is this and a hash of the row, so that the row is known
// again when the import is run again.
inline constexpr std::string_view kRowKeyPrefix = "row:";
inline bool is_row_key(std::string_view external) { return external.starts_with(kRowKeyPrefix); }

// One customer: the arguments of the verb `enroll`, but for the photos.
struct ImportEntry {
  nlohmann::json args;
  std::vector<std::string> photos;  // as they stand in the file
  bool keep_photos = false;
};

struct ImportRow {
  std::size_t row = 0;   // from 1; the head of a CSV file does not count
  std::size_t line = 0;  // of the file
  std::optional<ImportEntry> entry;
  std::string reason;  // why there is no entry
};

// ".csv", or ".jsonl" and ".ndjson". Error: bad_usage (kInput).
Result<ImportFormat> import_format_of(std::string_view file_name);

// Every row, in order. Columns of CSV, and keys of the objects of JSON lines, are named as the
// options of enroll: name, photo, consent-version, consent-ref, scope, expires, loyalty, incentive,
// preference; and tier, note, external-id, allow-duplicate, keep-photos. Several photos,
// preferences (KEY=VALUE) and scopes are separated by ";" (scopes by "," as well); in JSON they may
// be a list, preferences an object.
// Errors of the file as a whole: import_empty (kInput; kNo when only the head is there); bad_column
// (kInput): the head names a column that is unknown or twice there, or lacks one that is needed.
Result<std::vector<ImportRow>> read_import(std::string_view text, ImportFormat format);

}  // namespace maitred
