// Comma-separated values (RFC 4180) with limits. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maitred {

struct CsvLimits {
  std::size_t fields = 64;  // in a row
  std::size_t field_bytes = 16 * 1024;
};

struct CsvRow {
  std::size_t line = 0;              // the line at which it begins, from 1
  std::vector<std::string> fields;   // without their quotes
  std::optional<std::string> fault;  // what is wrong; then the fields must not be used
};

// Rows end with LF or CRLF. Fields in quotes may hold separators, line breaks and doubled quotes. A
// byte order mark and empty lines are skipped. The separator is a comma; if the first line has
// none, it is the semicolon or tab of that line. A faulty row ends at the end of its line, and
// reading continues with the next one. A quote that is never closed extends to the end of the text.
// Borrows the text.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text, CsvLimits limits = {});

  // Reads the next row; nothing at the end.
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
