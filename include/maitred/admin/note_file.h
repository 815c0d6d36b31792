// A file of what customers bought, asked for and booked, as a point-of-sale or CRM system exports
// it. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/admin/import_file.h"
#include "maitred/base/result.h"

namespace maitred {

struct NoteRow {
  std::size_t row = 0;                 // from 1; the head of a CSV file does not count
  std::size_t line = 0;                // of the file
  std::optional<nlohmann::json> args;  // of the verb `note`
  std::string reason;                  // why there are none
};

// Whether the columns (keys of the first object) are those of notes: one is "customer".
bool is_note_file(std::string_view text, ImportFormat format);

// Every row, in order. Columns: customer (ID, loyalty:ID or external:ID); kind (purchase, ask,
// appointment; else it is known by what is there); item, status, date of a purchase; text, item of
// an ask; at, with of an appointment; external-id, by which a row that comes again is known (else
// by what is in it). Errors of the file as a whole: those of read_import.
Result<std::vector<NoteRow>> read_notes(std::string_view text, ImportFormat format);

}  // namespace maitred
