#include "maitred/admin/note_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "import_rows.h"
#include "maitred/admin/row_key.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 9> kNoteColumns = {
    "customer", "kind", "text", "item", "status", "date", "at", "with", "external-id"};
constexpr std::array<std::string_view, 1> kNoteNeeded = {"customer"};

// The columns of a kind of note, and the one that tells it from the others.
struct NoteKind {
  std::string_view name;
  std::string_view known_by;
  std::vector<std::string_view> columns;
};

const std::array<NoteKind, 3>& note_kinds() {
  static const std::array<NoteKind, 3> kAll = {{{"purchase", "status", {"item", "status", "date"}},
                                                {"ask", "text", {"text", "item"}},
                                                {"appointment", "at", {"at", "with"}}}};
  return kAll;
}

using NoteTexts = std::map<std::string_view, std::string>;  // by column

Result<const NoteKind*> kind_of(const NoteTexts& texts) {
  const std::string& named = texts.at("kind");
  for (const NoteKind& kind : note_kinds()) {
    if (named.empty() ? !texts.at(kind.known_by).empty() : named == kind.name) return &kind;
  }
  return input_error("bad_row", named.empty()
                                    ? "it has neither status (a purchase), text (an ask) nor at "
                                      "(an appointment)"
                                    : fmt::format("kind '{}' is none of purchase, ask, appointment",
                                                  shown_word(named)));
}

// The content by which a repeated row is known. Rows of earlier imports stand under its hash: it
// must stay as it is.
json row_content(const NoteTexts& texts, const NoteKind& kind) {
  json content = {{"customer", texts.at("customer")}, {"kind", kind.name}};
  for (const std::string_view column : kind.columns) {
    if (!texts.at(column).empty()) content[std::string(column)] = texts.at(column);
  }
  return content;
}

// Refuses columns of another kind of note.
Status check_columns(const NoteTexts& texts, const NoteKind& kind) {
  for (const auto& [name, text] : texts) {
    if (text.empty() || name == "customer" || name == "kind" || name == "external-id") continue;
    if (std::find(kind.columns.begin(), kind.columns.end(), name) != kind.columns.end()) continue;
    return input_error("bad_row", fmt::format("{} is not for a note of kind {}", name, kind.name));
  }
  return {};
}

Result<std::optional<WallTime>> time_in(const std::string& text) {
  if (text.empty()) return std::nullopt;
  MAITRED_ASSIGN(const WallTime time, parse_time(text));
  return std::optional<WallTime>(time);
}

Result<verbs::NoteArgs> note_args(const Fields& fields) {
  NoteTexts texts;
  for (const std::string_view column : kNoteColumns) {
    MAITRED_ASSIGN(texts[column], field_text(fields, column));
  }
  if (texts["customer"].empty()) return input_error("bad_row", "it names no customer");
  MAITRED_ASSIGN(const NoteKind* kind, kind_of(texts));
  MAITRED_TRY(check_columns(texts, *kind));
  if (is_row_key(texts["external-id"])) {
    return input_error("bad_row", "an external-id does not begin with \"row:\"");
  }
  verbs::NoteArgs args;
  args.customer = texts["customer"];
  args.kind = kind->name;
  args.text = texts["text"];
  args.item = texts["item"];
  args.status = texts["status"];
  args.with = texts["with"];
  MAITRED_ASSIGN(args.date, time_in(texts["date"]));
  MAITRED_ASSIGN(args.at, time_in(texts["at"]));
  args.external = texts["external-id"];
  if (args.external.empty()) args.external = row_key(row_content(texts, *kind));
  return args;
}

}  // namespace

bool is_note_file(std::string_view text, ImportFormat format) {
  const auto names = column_names(text, format);
  return std::find(names.begin(), names.end(), "customer") != names.end();
}

Result<std::vector<NoteRow>> read_notes(std::string_view text, ImportFormat format) {
  MAITRED_ASSIGN(const auto read, read_field_rows(text, format, {kNoteColumns, kNoteNeeded}));
  if (read.empty()) return clean_no("import_empty", "there is no row in the file");
  std::vector<NoteRow> rows;
  for (const FieldRow& fields : read) {
    NoteRow row{fields.row, fields.line, {}, fields.reason};
    if (fields.fields) {
      auto args = note_args(*fields.fields);
      if (args) row.args = std::move(*args);
      if (!args) row.reason = reason_text(args.error());
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace maitred
