#include "import_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/admin/row_key.h"
#include "maitred/base/csv.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/base/one_line.h"
#include "maitred/base/text.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr JsonLimits kLineLimits{.bytes = 64 * 1024, .depth = 4};
constexpr std::size_t kShownWord_bytes = 40;

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string listed(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

std::string column_name(std::string_view field) {
  std::string name(trimmed(field));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  });
  return name;
}

// A file in UTF-16 gets an error of its own: otherwise its columns would seem unknown.
bool is_utf16(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
         text.substr(0, 4).find('\0') != std::string_view::npos;
}

Result<std::vector<std::string>> read_head(CsvReader& reader, const ImportColumns& known) {
  const auto head = reader.next();
  if (!head) return input_error("import_empty", "the file is empty; its first line names columns");
  if (head->fault) {
    return input_error("bad_column", fmt::format("line {}: {}", head->line, *head->fault));
  }
  std::vector<std::string> columns;
  for (const std::string& field : head->fields) {
    std::string name = column_name(field);
    if (!contains(known.known, name)) {
      return input_error("bad_column",
                         fmt::format("line {}: unknown column '{}'; known are {}", head->line,
                                     shown_word(field), listed(known.known)));
    }
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) {
      return input_error("bad_column",
                         fmt::format("line {}: column '{}' appears twice", head->line, name));
    }
    columns.push_back(std::move(name));
  }
  for (const std::string_view needed : known.needed) {
    if (std::find(columns.begin(), columns.end(), needed) != columns.end()) continue;
    return input_error("bad_column", fmt::format("line {}: column '{}' is missing; known are {}",
                                                 head->line, needed, listed(known.known)));
  }
  return columns;
}

Result<std::vector<FieldRow>> read_csv(std::string_view text, const ImportColumns& known) {
  CsvReader reader(text);
  MAITRED_ASSIGN(const std::vector<std::string> columns, read_head(reader, known));
  std::vector<FieldRow> rows;
  while (auto csv = reader.next()) {
    FieldRow row{rows.size() + 1, csv->line, {}, {}};
    if (csv->fault) {
      row.reason = *csv->fault;
    } else if (csv->fields.size() != columns.size()) {
      row.reason = fmt::format("it has {} fields, the head has {} columns", csv->fields.size(),
                               columns.size());
    } else {
      row.fields.emplace();
      for (std::size_t i = 0; i < columns.size(); ++i) {
        (*row.fields)[columns[i]] = std::move(csv->fields[i]);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

FieldRow json_row(FieldRow row, std::string_view text, const ImportColumns& known) {
  const auto object = parse_json(text, kLineLimits);
  if (!object || !object->is_object()) {
    row.reason = object ? "it is not a JSON object" : object.error().message;
    return row;
  }
  Fields fields;
  for (const auto& [key, value] : object->items()) {
    if (!contains(known.known, key)) {
      row.reason =
          fmt::format("unknown key '{}'; known are {}", shown_word(key), listed(known.known));
      return row;
    }
    fields[key] = value;
  }
  row.fields = std::move(fields);
  return row;
}

// Returns the next line that is not blank and counts lines; nothing at the end.
std::optional<std::string_view> next_line(std::string_view& text, std::size_t& line) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
    if (one.find_first_not_of(" \t\r") != std::string_view::npos) return one;
  }
  return std::nullopt;
}

void drop_byte_order_mark(std::string_view& text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
}

std::vector<FieldRow> read_json_lines(std::string_view text, const ImportColumns& known) {
  drop_byte_order_mark(text);
  std::vector<FieldRow> rows;
  std::size_t line = 0;
  while (const auto one = next_line(text, line)) {
    rows.push_back(json_row({rows.size() + 1, line, {}, {}}, *one, known));
  }
  return rows;
}

}  // namespace

Result<std::vector<FieldRow>> read_field_rows(std::string_view text, ImportFormat format,
                                              const ImportColumns& columns) {
  if (is_utf16(text)) {
    return input_error("bad_column", "the file is in UTF-16; save it as CSV UTF-8");
  }
  if (format == ImportFormat::kCsv) return read_csv(text, columns);
  return read_json_lines(text, columns);
}

std::vector<std::string> column_names(std::string_view text, ImportFormat format) {
  std::vector<std::string> names;
  if (format == ImportFormat::kCsv) {
    CsvReader reader(text);
    const auto head = reader.next();
    if (!head || head->fault) return names;
    for (const std::string& field : head->fields) names.push_back(column_name(field));
    return names;
  }
  drop_byte_order_mark(text);
  std::size_t line = 0;
  const auto first = next_line(text, line);
  if (!first) return names;
  const auto object = parse_json(*first, kLineLimits);
  if (!object || !object->is_object()) return names;
  for (const auto& [key, value] : object->items()) names.push_back(key);
  return names;
}

Result<std::string> field_text(const Fields& fields, std::string_view column) {
  const auto found = fields.find(column);
  if (found == fields.end() || found->second.is_null()) return std::string();
  const json& value = found->second;
  // A system's numbers are often not in quotes.
  if (value.is_number_integer()) return value.dump();
  if (value.is_string()) return std::string(trimmed(value.get_ref<const std::string&>()));
  return input_error("bad_row", fmt::format("{} is not a text", column));
}

std::string row_key(const json& content) {
  return std::string(kRowKeyPrefix) + fingerprint(json_text(content));
}

std::string shown_word(std::string_view text) {
  std::string word = shown_text(utf8_prefix(text, kShownWord_bytes));
  std::replace_if(
      word.begin(), word.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return word;
}

std::string reason_text(const Error& error) { return one_line(shown_text(error.message)); }

}  // namespace maitred
