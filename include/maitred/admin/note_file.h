// Reads a file of what customers bought, asked for and booked, as a point-of-sale or CRM system
// exports it. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/admin/import_file.h"
#include "maitred/admin/notes.h"
#include "maitred/base/result.h"

namespace maitred {

struct NoteRow {
  std::size_t row = 0;   // from 1, without the head of a CSV file
  std::size_t line = 0;  // of the file
  std::optional<verbs::NoteArgs> args;
  std::string reason;  // why there are none
};

// True if a column, or a key of the first object, is named "customer".
bool is_note_file(std::string_view text, ImportFormat format);

// Returns every row, in order. Columns: customer (ID, loyalty:ID or external:ID); kind (purchase,
// ask, appointment; if left out, the filled columns decide); item, status, date of a purchase;
// text, item of an ask; at, with of an appointment; external-id, by which a repeated row is known
// (if left out, by its content). Errors of the file as a whole: those of read_import.
Result<std::vector<NoteRow>> read_notes(std::string_view text, ImportFormat format);

}  // namespace maitred
