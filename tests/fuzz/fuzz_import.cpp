// Files of customers to enrol, and of what they bought.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "maitred/admin/import_file.h"
#include "maitred/admin/note_file.h"
#include "maitred/base/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  maitred::CsvReader reader(text);
  std::size_t line = 0;
  while (const auto row = reader.next()) {
    // Rows are in order, and lines are counted on.
    if (row->line <= line || (row->fields.empty() && !row->fault)) __builtin_trap();
    line = row->line;
  }
  for (const auto format : {maitred::ImportFormat::kCsv, maitred::ImportFormat::kJsonLines}) {
    const auto rows = maitred::read_import(text, format);
    if (!rows) continue;
    for (const auto& row : *rows) {
      // Either an enrolment or a reason, which is one line.
      if (row.entry.has_value() == !row.reason.empty()) __builtin_trap();
      if (row.reason.find('\n') != std::string::npos) __builtin_trap();
    }
  }
  for (const auto format : {maitred::ImportFormat::kCsv, maitred::ImportFormat::kJsonLines}) {
    const auto rows = maitred::read_notes(text, format);
    if (!rows) continue;
    for (const auto& row : *rows) {
      if (row.args.has_value() == !row.reason.empty()) __builtin_trap();
      if (row.reason.find('\n') != std::string::npos) __builtin_trap();
    }
  }
  return 0;
}
