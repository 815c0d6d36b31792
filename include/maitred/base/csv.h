// Comma-separated values as RFC 4180 has them, with limits. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maitred {

struct CsvLimits {
  std::size_t fields = 64;  // of a row
  std::size_t field_bytes = 16 * 1024;
};

struct CsvRow {
  std::size_t line = 0;              // where it begins in the text, from 1
  std::vector<std::string> fields;   // without their quotes
  std::optional<std::string> fault;  // what is wrong with it; the fields are not to be used then
};

// Rows end with LF or CRLF, fields in quotes may hold separators, line breaks and doubled quotes. A
// byte order mark and empty lines are skipped. The separator is a comma, or, where the first line
// has none, the semicolon or tab that it has. A faulty row ends at its line's end and the next one
// is read; a quote that is never closed takes the rest of the text. Borrows the text.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text, CsvLimits limits = {});

  // The next row; nothing at the end.
  std::optional<CsvRow> next();

 private:
  void read_field(CsvRow& row);
  void read_quoted(CsvRow& row, std::string& field);
  void skip_line_end();
  bool at_line_end() const;

  std::string_view rest_;
  const CsvLimits limits_;
  char separator_ = ',';
  std::size_t line_ = 1;
};

}  // namespace maitred
