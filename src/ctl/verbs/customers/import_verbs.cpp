// import.
#include <fmt/format.h>

#include <chrono>
#include <map>
#include <memory>

#include "maitred/admin/enrolment.h"
#include "maitred/admin/import_file.h"
#include "maitred/admin/note_file.h"
#include "maitred/admin/row_key.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "src/ctl/verbs/photos/photo_probe.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr std::size_t kPhotoBytes = std::size_t{16} << 20;

// The outcome of a row.
enum class Imported { kEnrolled, kUpdated, kUnchanged, kNoted };

class Import {
 public:
  Import(Session& session, const Settings& settings, std::filesystem::path folder)
      : session_(session),
        folder_(std::move(folder)),
        prober_(settings.file, PhotoPurpose::kEnrol) {}

  // Errors: kInput and kNo reject this row; kEnvironment ends the import.
  Result<Imported> take(const ImportRow& row) {
    if (!row.entry) return input_error("bad_row", row.reason);
    const ImportEntry& entry = *row.entry;
    const auto [first, fresh] = rows_of_.try_emplace(entry.args.external, row.row);
    if (!fresh) {
      return input_error("same_row",
                         fmt::format("it is the same customer as row {}", first->second));
    }
    json args = json_of(entry.args);
    args["resume"] = true;
    MAITRED_ASSIGN(const json known, session_.ask("check_enrolment", args));
    if (known.contains("known")) return update(known["known"].get<std::string>(), entry.args);
    MAITRED_ASSIGN(args["photos"], photos(entry));
    MAITRED_TRY(session_.ask("enroll", args));
    return Imported::kEnrolled;
  }

 private:
  // Updates a customer of an earlier import from the file. Consent and photos stay as they are: the
  // verbs consent and update change them.
  Result<Imported> update(const std::string& id, const verbs::EnrolArgs& wanted) {
    if (is_row_key(wanted.external)) return Imported::kUnchanged;
    MAITRED_ASSIGN(const json held, session_.ask("show", verbs::ShowArgs{id}));
    verbs::UpdateArgs changes;
    changes.id = CustomerId(id);
    bool changed = false;
    const auto take = [&](const char* field, const std::string& text,
                          std::optional<std::string>& change) {
      if (text.empty() || text == held.value(field, "")) return;
      change = text;
      changed = true;
    };
    take("name", wanted.name, changes.name);
    take("loyalty", wanted.loyalty, changes.loyalty);
    take("tier", wanted.tier, changes.tier);
    take("note", wanted.note, changes.note);
    for (const auto& [name, value] : wanted.preferences) {
      if (held["preferences"].value(name, "") == value) continue;
      changes.preferences[name] = value;
      changed = true;
    }
    if (!changed) return Imported::kUnchanged;
    MAITRED_TRY(session_.ask("update", changes));
    return Imported::kUpdated;
  }

  Result<json> photos(const ImportEntry& entry) {
    json reports = json::array();
    for (const std::string& name : entry.photos) {
      const std::filesystem::path path = folder_ / name;
      MAITRED_ASSIGN(json report, prober_.probe(path));
      if (entry.keep_photos) {
        MAITRED_ASSIGN(const auto bytes, read_file(path, kPhotoBytes));
        report["bytes"] = to_base64(bytes);
      }
      reports.push_back(std::move(report));
    }
    return reports;
  }

  Session& session_;
  const std::filesystem::path folder_;
  PhotoProber prober_;
  std::map<std::string, std::size_t> rows_of_;  // keys seen in this file
};

// Shows progress, and prints a line for each rejected row.
class ImportReport {
 public:
  // With `strict` the exit status is a fault if any row is rejected.
  ImportReport(const GlobalOptions& options, std::size_t rows, bool strict)
      : options_(options),
        rows_(rows),
        strict_(strict),
        bar_(std::make_unique<ProgressBar>("import", options.quiet)) {}

  void done(Imported what) {
    ++counts_[what];
    show();
  }
  void rejected(std::size_t row, std::size_t line, const Error& why) {
    rejected_.push_back({{"row", row}, {"line", line}, {"reason", why.message}});
    if (!options_.json) {
      bar_->clear();
      fmt::print("row {} (line {}): {}\n", row, line, shown_text(why.message));
      std::fflush(stdout);
    }
    show();
  }

  Answer answer_of_notes() {
    bar_.reset();
    Answer answer;
    answer.object = {{"noted", counts_[Imported::kNoted]},
                     {"unchanged", counts_[Imported::kUnchanged]},
                     {"rejected", rejected_}};
    answer.text =
        fmt::format("{} noted, {} known already, {} rejected.\n", counts_[Imported::kNoted],
                    counts_[Imported::kUnchanged], rejected_.size());
    answer.status = status();
    return answer;
  }

  Answer answer() {
    bar_.reset();
    Answer answer;
    answer.object = {{"enrolled", counts_[Imported::kEnrolled]},
                     {"updated", counts_[Imported::kUpdated]},
                     {"unchanged", counts_[Imported::kUnchanged]},
                     {"rejected", rejected_}};
    const auto count = [&](Imported what, const char* word) {
      return counts_[what] == 0 ? std::string() : fmt::format(", {} {}", counts_[what], word);
    };
    answer.text = fmt::format("{} enrolled{}{}, {} rejected.\n", counts_[Imported::kEnrolled],
                              count(Imported::kUpdated, "updated"),
                              count(Imported::kUnchanged, "known already"), rejected_.size());
    answer.status = status();
    return answer;
  }

 private:
  // Without `strict` the exit status is a clean no if every row is rejected.
  int status() const {
    if (strict_ && !rejected_.empty()) return static_cast<int>(Fault::kInput);
    return rejected_.size() == rows_ ? static_cast<int>(Fault::kNo) : 0;
  }
  void show() { bar_->show(rejected_.size() + total(), rows_); }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& [what, count] : counts_) sum += count;
    return sum;
  }

  const GlobalOptions options_;
  const std::size_t rows_;
  const bool strict_;
  std::unique_ptr<ProgressBar> bar_;
  std::map<Imported, std::uint64_t> counts_;
  json rejected_ = json::array();
};

// Takes row after row. A rejected row does not affect other rows; an environment error ends the
// import.
template <class Row, class Take>
Status take_all(const std::vector<Row>& rows, const std::string& file, ImportReport& report,
                Take take) {
  for (const Row& row : rows) {
    const Result<Imported> done = take(row);
    if (done) {
      report.done(*done);
    } else if (done.error().fault != Fault::kEnvironment) {
      report.rejected(row.row, row.line, done.error());
    } else {
      Error error = done.error();
      error.message = fmt::format("{}: stopped at row {}: {}; run the import again to go on", file,
                                  row.row, error.message);
      return tl::unexpected(std::move(error));
    }
  }
  return {};
}

template <class Rows>
Result<Rows> named_with(const std::string& file, Result<Rows> rows) {
  if (!rows) rows.error().message = fmt::format("{}: {}", file, rows.error().message);
  return rows;
}

Result<Answer> import_notes(Session& session, const std::string& file, std::string_view text,
                            ImportFormat format, bool strict) {
  MAITRED_ASSIGN(const auto rows, named_with(file, read_notes(text, format)));
  session.keep_store_open();
  ImportReport report(session.options(), rows.size(), strict);
  MAITRED_TRY(take_all(rows, file, report, [&](const NoteRow& row) -> Result<Imported> {
    if (!row.args) return input_error("bad_row", row.reason);
    MAITRED_ASSIGN(const json answer, session.ask("note", *row.args));
    return answer.value("known", false) ? Imported::kUnchanged : Imported::kNoted;
  }));
  return report.answer_of_notes();
}

Result<Answer> import_file(Session& session, const std::string& file, bool strict) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  MAITRED_ASSIGN(const ImportFormat format, import_format_of(file));
  std::vector<ImportRow> rows;
  {
    MAITRED_ASSIGN(const auto bytes, read_file(file, kImportFileLimitBytes));
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (is_note_file(text, format)) return import_notes(session, file, text, format, strict);
    MAITRED_ASSIGN(rows, named_with(file, read_import(text, format)));
  }
  session.keep_store_open();
  Import import(session, *settings, std::filesystem::path(file).parent_path());
  ImportReport report(session.options(), rows.size(), strict);
  MAITRED_TRY(take_all(rows, file, report, [&](const ImportRow& row) { return import.take(row); }));
  return report.answer();
}

}  // namespace

void add_import_verb(CommandLine& line) {
  auto file = std::make_shared<std::string>();
  CLI::App* verb = add_verb(
      line, "import", "Enrol many customers, or note what they bought, from CSV or JSON lines");
  verb->add_option("FILE", *file, "FILE.csv with column names in line 1, or FILE.jsonl")
      ->required();
  auto strict = std::make_shared<bool>(false);
  verb->add_flag("--strict", *strict,
                 "Exit with status 2 if any row is rejected (default: with 1 if all are)");
  verb->footer(
      "Columns (keys) are named as the options of enroll: name, photo, consent-version,\n"
      "consent-ref, scope, expires, loyalty, incentive, preference, tier, note, external-id,\n"
      "allow-duplicate, keep-photos. Several photos, preferences and scopes are separated by ';';\n"
      "paths of photos are relative to the file. After an interruption run it again: enrolled\n"
      "customers are known by external-id, or else by the row itself. A changed row with an\n"
      "external-id updates name, loyalty, tier, note and preferences.\n"
      "\n"
      "A file with a column customer (ID, loyalty:ID or external:ID) notes purchases (item, "
      "status\n"
      "bought, out_of_stock or returned, date), asks (text, item) and appointments (at, with), "
      "each\n"
      "once by its external-id, or else by what is in the row.");
  verb->callback([&line, file, strict] {
    line.run = [&line, file, strict] { return import_file(line.session, *file, *strict); };
  });
}

}  // namespace maitred
