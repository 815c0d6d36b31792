#include "maitred/base/csv.h"

#include <algorithm>

#include "maitred/base/json.h"

namespace maitred {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

char separator_of(std::string_view first_line) {
  for (const char separator : {',', ';', '\t'}) {
    if (first_line.find(separator) != std::string_view::npos) return separator;
  }
  return ',';
}

void set_fault(CsvRow& row, const char* what) {
  if (!row.fault) row.fault = what;
}

}  // namespace

CsvReader::CsvReader(std::string_view text, CsvLimits limits) : rest_(text), limits_(limits) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  separator_ = separator_of(rest_.substr(0, rest_.find('\n')));
}

bool CsvReader::at_line_end() const {
  return rest_.empty() || rest_.front() == '\n' || rest_.starts_with("\r\n");
}

void CsvReader::skip_line_end() {
  if (rest_.empty()) return;
  rest_.remove_prefix(rest_.front() == '\r' ? 2 : 1);
  ++line_;
}

std::optional<CsvRow> CsvReader::next() {
  while (!rest_.empty() && at_line_end()) skip_line_end();
  if (rest_.empty()) return std::nullopt;
  CsvRow row;
  row.line = line_;
  for (;;) {
    read_field(row);
    if (at_line_end()) break;
    rest_.remove_prefix(1);  // the separator
  }
  skip_line_end();
  if (row.fields.size() > limits_.fields) set_fault(row, "it has too many fields");
  const bool text = std::all_of(row.fields.begin(), row.fields.end(),
                                [](const std::string& field) { return is_utf8(field); });
  if (!text) set_fault(row, "it is not UTF-8");
  return row;
}

// Leaves the reader at a separator or at the end of a line.
void CsvReader::read_field(CsvRow& row) {
  std::string field;
  if (!rest_.empty() && rest_.front() == '"') {
    read_quoted(row, field);
  } else {
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] != separator_ && rest_[size] != '\n') ++size;
    std::size_t end = size;
    if (size < rest_.size() && rest_[size] == '\n' && size > 0 && rest_[size - 1] == '\r') --end;
    field = rest_.substr(0, std::min(end, limits_.field_bytes + 1));
    rest_.remove_prefix(end);
    if (field.find('"') != std::string::npos) {
      set_fault(row,
                "a field without quotes contains a quote; put the field in quotes and "
                "double the quotes in it");
    }
  }
  if (field.size() > limits_.field_bytes) set_fault(row, "a field is too long");
  // One field more than allowed is kept, as the sign that there are too many.
  if (row.fields.size() <= limits_.fields) row.fields.push_back(std::move(field));
}

void CsvReader::read_quoted(CsvRow& row, std::string& field) {
  rest_.remove_prefix(1);
  for (;;) {
    const std::size_t quote = std::min(rest_.find('"'), rest_.size());
    line_ += static_cast<std::size_t>(
        std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
    if (field.size() <= limits_.field_bytes) {
      field += rest_.substr(0, std::min(quote, limits_.field_bytes + 1));
    }
    rest_.remove_prefix(quote);
    if (rest_.empty()) return set_fault(row, "its quote is never closed");
    rest_.remove_prefix(1);
    if (rest_.empty() || rest_.front() != '"') break;
    field += '"';
    rest_.remove_prefix(1);
  }
  if (at_line_end() || rest_.front() == separator_) return;
  set_fault(row, "text follows the closing quote of a field");
  while (!at_line_end()) rest_.remove_prefix(1);
}

}  // namespace maitred
