#include "maitred/admin/import_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "import_rows.h"
#include "maitred/admin/row_key.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/base/text.h"

namespace maitred {
namespace {

using nlohmann::json;
constexpr std::array<std::string_view, 14> kColumns = {
    "name",    "photo",       "consent-version", "consent-ref", "scope",
    "expires", "loyalty",     "incentive",       "preference",  "tier",
    "note",    "external-id", "allow-duplicate", "keep-photos"};

constexpr std::array<std::string_view, 4> kNeeded = {"name", "photo", "consent-version",
                                                     "consent-ref"};

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

// Reads the fields of one row as arguments of the verb `enroll`.
class RowReader {
 public:
  explicit RowReader(const Fields& fields) : fields_(fields) {}

  Result<ImportEntry> read() {
    ImportEntry entry;
    verbs::EnrolArgs& args = entry.args;
    MAITRED_ASSIGN(args.name, field_text(fields_, "name"));
    MAITRED_ASSIGN(args.loyalty, field_text(fields_, "loyalty"));
    MAITRED_ASSIGN(args.tier, field_text(fields_, "tier"));
    MAITRED_ASSIGN(args.note, field_text(fields_, "note"));
    MAITRED_ASSIGN(args.external, field_text(fields_, "external-id"));
    MAITRED_ASSIGN(args.consent.version, field_text(fields_, "consent-version"));
    MAITRED_ASSIGN(args.consent.reference, field_text(fields_, "consent-ref"));
    MAITRED_ASSIGN(args.consent.incentive, field_text(fields_, "incentive"));
    MAITRED_ASSIGN(const std::string expires, field_text(fields_, "expires"));
    MAITRED_TRY(read_value("expires", expires, args.consent.expires));
    MAITRED_ASSIGN(const auto scopes, list("scope", ";,"));
    MAITRED_TRY(read_value("scope", scopes, args.consent.scopes));
    MAITRED_ASSIGN(args.preferences, preferences());
    MAITRED_ASSIGN(entry.photos, list("photo", ";"));
    MAITRED_ASSIGN(args.allow_duplicate, flag("allow-duplicate"));
    MAITRED_ASSIGN(entry.keep_photos, flag("keep-photos"));
    if (entry.photos.empty()) return bad_row("it has no photo");
    if (is_row_key(args.external)) {
      return bad_row("an external-id does not begin with \"row:\"");
    }
    if (args.external.empty()) args.external = row_key(content(entry, expires, scopes));
    return entry;
  }

 private:
  // The content by which a repeated row is known. Customers of earlier imports stand under its
  // hash: it must stay as it is.
  static json content(const ImportEntry& entry, const std::string& expires,
                      const std::vector<std::string>& scopes) {
    const verbs::EnrolArgs& args = entry.args;
    const json consent = {{"version", args.consent.version},
                          {"reference", args.consent.reference},
                          {"expires", expires},
                          {"incentive", args.consent.incentive},
                          {"scopes", scopes}};
    const json fields = {{"name", args.name},
                         {"loyalty", args.loyalty},
                         {"tier", args.tier},
                         {"note", args.note},
                         {"external", ""},
                         {"consent", consent},
                         {"preferences", args.preferences},
                         {"allow_duplicate", args.allow_duplicate}};
    return json::array({fields, entry.photos});
  }

  const json* find(std::string_view column) const {
    const auto found = fields_.find(column);
    return found == fields_.end() || found->second.is_null() ? nullptr : &found->second;
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
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    static const std::set<std::string, std::less<>> kYes = {"yes", "true", "1"};
    static const std::set<std::string, std::less<>> kNo = {"", "no", "false", "0"};
    if (value->is_string()) {
      const std::string word(trimmed(value->get_ref<const std::string&>()));
      if (kYes.contains(word)) return true;
      if (kNo.contains(word)) return false;
    }
    return bad_row(fmt::format("{} is neither yes nor no", column));
  }

  Result<std::map<std::string, std::string>> preferences() const {
    const json* value = find("preference");
    std::map<std::string, std::string> preferences;
    if (value != nullptr && value->is_object()) {
      MAITRED_TRY(read_value("preference", *value, preferences));
      return preferences;
    }
    MAITRED_ASSIGN(const auto texts, list("preference", ";"));
    for (const std::string& one : texts) {
      const auto equals = one.find('=');
      if (equals == 0 || equals == std::string::npos) {
        return bad_row(
            fmt::format("the preference '{}' is not of the form KEY=VALUE", shown_word(one)));
      }
      preferences[std::string(trimmed(one.substr(0, equals)))] = trimmed(one.substr(equals + 1));
    }
    return preferences;
  }

  const Fields& fields_;
};

ImportRow row_of(const FieldRow& fields) {
  ImportRow row{fields.row, fields.line, {}, fields.reason};
  if (!fields.fields) return row;
  auto entry = RowReader(*fields.fields).read();
  if (entry) {
    row.entry = std::move(*entry);
  } else {
    row.reason = reason_text(entry.error());
  }
  return row;
}

}  // namespace

Result<ImportFormat> import_format_of(std::string_view file_name) {
  std::string name(file_name);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (name.ends_with(".csv")) return ImportFormat::kCsv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return ImportFormat::kJsonLines;
  return input_error("bad_usage", fmt::format("{}: a file to import must end in .csv or .jsonl",
                                              shown_word(file_name)));
}

Result<std::vector<ImportRow>> read_import(std::string_view text, ImportFormat format) {
  MAITRED_ASSIGN(const auto read, read_field_rows(text, format, {kColumns, kNeeded}));
  if (read.empty()) return clean_no("import_empty", "there is no customer in the file");
  std::vector<ImportRow> rows;
  for (const FieldRow& fields : read) rows.push_back(row_of(fields));
  return rows;
}

}  // namespace maitred
