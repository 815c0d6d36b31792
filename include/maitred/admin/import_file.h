// Reads a file of customers to enrol, as a point-of-sale or CRM system exports it. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/admin/enrolment.h"
#include "maitred/base/result.h"

namespace maitred {

enum class ImportFormat { kCsv, kJsonLines };

inline constexpr std::size_t kImportFileLimitBytes = std::size_t{256} << 20;

// One customer.
struct ImportEntry {
  verbs::EnrolArgs args;            // of the verb `enroll`, without photos
  std::vector<std::string> photos;  // paths, as they stand in the file
  bool keep_photos = false;
};

struct ImportRow {
  std::size_t row = 0;   // from 1, without the head of a CSV file
  std::size_t line = 0;  // of the file
  std::optional<ImportEntry> entry;
  std::string reason;  // why there is no entry
};

// By the ending of the name: ".csv", or ".jsonl" and ".ndjson". Error: bad_usage (kInput).
Result<ImportFormat> import_format_of(std::string_view file_name);

// Returns every row, in order. Columns of CSV, and keys of the objects of JSON lines, are named as
// the options of enroll: name, photo, consent-version, consent-ref, scope, expires, loyalty,
// incentive, preference; and tier, note, external-id, allow-duplicate, keep-photos. Several photos,
// preferences (KEY=VALUE) and scopes are separated by ";" (scopes by "," as well); in JSON they may
// be a list, preferences an object.
// Errors of the file as a whole: import_empty (kInput; kNo if there is only the head); bad_column
// (kInput): the head has an unknown or repeated column, or lacks a needed one.
Result<std::vector<ImportRow>> read_import(std::string_view text, ImportFormat format);

}  // namespace maitred
