#include "maitred/admin/import_file.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "import_rows.h"
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
    const auto& external = entry.args["external"].get_ref<const std::string&>();
    if (is_row_key(external)) return bad_row("an external-id does not begin with \"row:\"");
    if (external.empty()) {
      entry.args["external"] = row_key(json::array({entry.args, entry.photos}));
    }
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

  const json* find(std::string_view column) const {
    const auto found = fields_.find(column);
    return found == fields_.end() || found->second.is_null() ? nullptr : &found->second;
  }

  Status text(const char* column, json& into) const {
    MAITRED_ASSIGN(into, field_text(fields_, column));
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
        return bad_row(
            fmt::format("the preference '{}' is not of the form KEY=VALUE", shown_word(one)));
      }
      object[std::string(trimmed(one.substr(0, equals)))] =
          std::string(trimmed(one.substr(equals + 1)));
    }
    return object;
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
    row.reason = entry.error().message;
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
  return input_error("bad_usage", fmt::format("{}: a file to import is a .csv or a .jsonl",
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
