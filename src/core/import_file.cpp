#include "maitred/core/import_file.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "maitred/base/csv.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/base/text.h"

namespace maitred {
namespace {

using nlohmann::json;
using Fields = std::map<std::string, json, std::less<>>;  // texts, lists of texts, an object

constexpr std::size_t kLongestLine_bytes = 64 * 1024;
constexpr std::size_t kShownWord_bytes = 40;

constexpr std::array<std::string_view, 14> kColumns = {
    "name",    "photo",       "consent-version", "consent-ref", "scope",
    "expires", "loyalty",     "incentive",       "preference",  "tier",
    "note",    "external-id", "allow-duplicate", "keep-photos"};

bool is_column(std::string_view name) {
  return std::find(kColumns.begin(), kColumns.end(), name) != kColumns.end();
}

std::string known_columns() {
  std::string names;
  for (const std::string_view name : kColumns)
    names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

std::string shown(std::string_view text) {
  std::string word = shown_text(utf8_prefix(text, kShownWord_bytes));
  std::replace_if(
      word.begin(), word.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return word;
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    std::string part(trimmed(text.substr(0, end)));
    if (!part.empty()) parts.push_back(std::move(part));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

auto bad_row(std::string reason) { return input_error("bad_row", std::move(reason)); }

// The fields of one row, in the form that the verb `enroll` takes.
class RowReader {
 public:
  explicit RowReader(const Fields& fields) : fields_(fields) {}

  Result<ImportEntry> read() {
    ImportEntry entry;
    json consent = json::object();
    entry.args = json::object();
    for (const auto& [column, key] : kTexts) MAITRED_TRY(text(column, entry.args[key]));
    for (const auto& [column, key] : kConsentTexts) MAITRED_TRY(text(column, consent[key]));
    MAITRED_ASSIGN(consent["scopes"], list("scope", ";,"));
    entry.args["consent"] = std::move(consent);
    MAITRED_ASSIGN(entry.args["preferences"], preferences());
    MAITRED_ASSIGN(entry.photos, list("photo", ";"));
    MAITRED_ASSIGN(entry.args["allow_duplicate"], flag("allow-duplicate"));
    MAITRED_ASSIGN(entry.keep_photos, flag("keep-photos"));
    if (entry.photos.empty()) return bad_row("it has no photo");
    if (is_taken_prefix(entry.args["external"])) {
      return bad_row("an external-id does not begin with \"row:\"");
    }
    if (entry.args["external"] == "") entry.args["external"] = key_of(entry);
    return entry;
  }

 private:
  using Name = std::pair<const char*, const char*>;
  static constexpr std::array<Name, 5> kTexts = {{{"name", "name"},
                                                  {"loyalty", "loyalty"},
                                                  {"tier", "tier"},
                                                  {"note", "note"},
                                                  {"external-id", "external"}}};
  static constexpr std::array<Name, 4> kConsentTexts = {{{"consent-version", "version"},
                                                         {"consent-ref", "reference"},
                                                         {"expires", "expires"},
                                                         {"incentive", "incentive"}}};

  static bool is_taken_prefix(const json& external) {
    return external.get_ref<const std::string&>().starts_with(kRowKeyPrefix);
  }

  static std::string key_of(const ImportEntry& entry) {
    const std::string text = json_text(json::array({entry.args, entry.photos}));
    std::array<std::uint8_t, 16> hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr,
                       0);
    return std::string(kRowKeyPrefix) + to_hex(hash);
  }

  const json* find(std::string_view column) const {
    const auto found = fields_.find(column);
    return found == fields_.end() || found->second.is_null() ? nullptr : &found->second;
  }

  Status text(const char* column, json& into) const {
    into = "";
    const json* value = find(column);
    if (value == nullptr) return {};
    // A system's numbers are often not in quotes.
    if (value->is_number_integer()) return into = value->dump(), Status{};
    if (!value->is_string()) return bad_row(fmt::format("{} is not a text", column));
    into = trimmed(value->get_ref<const std::string&>());
    return {};
  }

  Result<std::vector<std::string>> list(const char* column, std::string_view separators) const {
    const json* value = find(column);
    if (value == nullptr) return std::vector<std::string>{};
    if (value->is_string()) return split(value->get_ref<const std::string&>(), separators);
    std::vector<std::string> texts;
    if (!value->is_array()) return bad_row(fmt::format("{} is neither a text nor a list", column));
    for (const json& element : *value) {
      if (!element.is_string()) return bad_row(fmt::format("{} is not a list of texts", column));
      texts.push_back(element.get<std::string>());
    }
    return texts;
  }

  Result<bool> flag(const char* column) const {
    const json* value = find(column);
    if (value == nullptr || *value == "") return false;
    if (value->is_boolean()) return value->get<bool>();
    static const std::set<std::string, std::less<>> kYes = {"yes", "true", "1"};
    static const std::set<std::string, std::less<>> kNo = {"no", "false", "0"};
    if (value->is_string()) {
      const std::string word(trimmed(value->get_ref<const std::string&>()));
      if (kYes.contains(word)) return true;
      if (kNo.contains(word)) return false;
    }
    return bad_row(fmt::format("{} is neither yes nor no", column));
  }

  Result<json> preferences() const {
    const json* value = find("preference");
    json object = json::object();
    if (value != nullptr && value->is_object()) {
      for (const auto& [key, one] : value->items()) {
        if (!one.is_string()) return bad_row("a preference is not a text");
        object[key] = one;
      }
      return object;
    }
    MAITRED_ASSIGN(const auto texts, list("preference", ";"));
    for (const std::string& one : texts) {
      const auto equals = one.find('=');
      if (equals == 0 || equals == std::string::npos) {
        return bad_row(fmt::format("the preference '{}' is not of the form KEY=VALUE", shown(one)));
      }
      object[std::string(trimmed(one.substr(0, equals)))] =
          std::string(trimmed(one.substr(equals + 1)));
    }
    return object;
  }

  const Fields& fields_;
};

ImportRow row_of(std::size_t number, std::size_t line, const Fields& fields) {
  ImportRow row{number, line, {}, {}};
  auto entry = RowReader(fields).read();
  if (entry) {
    row.entry = std::move(*entry);
  } else {
    row.reason = entry.error().message;
  }
  return row;
}

// A file of another encoding is named as such: the columns would seem to be unknown.
bool is_utf16(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
         text.substr(0, 4).find('\0') != std::string_view::npos;
}

Result<std::vector<std::string>> read_head(CsvReader& reader) {
  const auto head = reader.next();
  if (!head) return input_error("import_empty", "the file is empty; its first line names columns");
  if (head->fault) {
    return input_error("bad_column", fmt::format("line {}: {}", head->line, *head->fault));
  }
  std::vector<std::string> columns;
  for (const std::string& field : head->fields) {
    std::string name(trimmed(field));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? char(c + 32) : c;
    });
    if (!is_column(name)) {
      return input_error("bad_column", fmt::format("line {}: unknown column '{}'; known are {}",
                                                   head->line, shown(field), known_columns()));
    }
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) {
      return input_error("bad_column",
                         fmt::format("line {}: column '{}' is there twice", head->line, name));
    }
    columns.push_back(std::move(name));
  }
  for (const char* needed : {"name", "photo", "consent-version", "consent-ref"}) {
    if (std::find(columns.begin(), columns.end(), needed) != columns.end()) continue;
    return input_error("bad_column", fmt::format("line {}: column '{}' is missing; known are {}",
                                                 head->line, needed, known_columns()));
  }
  return columns;
}

Result<std::vector<ImportRow>> read_csv(std::string_view text) {
  CsvReader reader(text);
  MAITRED_ASSIGN(const std::vector<std::string> columns, read_head(reader));
  std::vector<ImportRow> rows;
  while (auto csv = reader.next()) {
    ImportRow row{rows.size() + 1, csv->line, {}, {}};
    if (csv->fault) {
      row.reason = *csv->fault;
    } else if (csv->fields.size() != columns.size()) {
      row.reason = fmt::format("it has {} fields, the head has {} columns", csv->fields.size(),
                               columns.size());
    } else {
      Fields fields;
      for (std::size_t i = 0; i < columns.size(); ++i)
        fields[columns[i]] = std::move(csv->fields[i]);
      row = row_of(rows.size() + 1, csv->line, fields);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

ImportRow json_row(std::size_t number, std::size_t line, std::string_view text) {
  ImportRow row{number, line, {}, {}};
  const auto object = parse_json(text, {.bytes = kLongestLine_bytes, .depth = 4});
  if (!object) {
    row.reason = object.error().message;
    return row;
  }
  if (!object->is_object()) {
    row.reason = "it is not a JSON object";
    return row;
  }
  Fields fields;
  for (const auto& [key, value] : object->items()) {
    if (!is_column(key)) {
      row.reason = fmt::format("unknown key '{}'; known are {}", shown(key), known_columns());
      return row;
    }
    fields[key] = value;
  }
  return row_of(number, line, fields);
}

Result<std::vector<ImportRow>> read_json_lines(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<ImportRow> rows;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    rows.push_back(json_row(rows.size() + 1, line, one));
  }
  return rows;
}

}  // namespace

Result<ImportFormat> import_format_of(std::string_view file_name) {
  std::string name(file_name);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (name.ends_with(".csv")) return ImportFormat::kCsv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return ImportFormat::kJsonLines;
  return input_error("bad_usage",
                     fmt::format("{}: a file to import is a .csv or a .jsonl", shown(file_name)));
}

Result<std::vector<ImportRow>> read_import(std::string_view text, ImportFormat format) {
  if (is_utf16(text)) {
    return input_error("bad_column", "the file is in UTF-16; save it as CSV UTF-8");
  }
  MAITRED_ASSIGN(std::vector<ImportRow> rows,
                 format == ImportFormat::kCsv ? read_csv(text) : read_json_lines(text));
  if (rows.empty()) return clean_no("import_empty", "there is no customer in the file");
  return rows;
}

}  // namespace maitred
