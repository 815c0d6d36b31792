// import.
#include <fmt/format.h>

#include <chrono>
#include <map>
#include <memory>

#include "maitred/admin/import_file.h"
#include "maitred/admin/note_file.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "src/ctl/verbs/photos/photo_probe.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr std::size_t kPhotoBytes = std::size_t{16} << 20;

// What became of a row.
enum class Imported { kEnrolled, kUpdated, kUnchanged, kNoted };

class Import {
 public:
  Import(Session& session, const Settings& settings, std::filesystem::path folder)
      : session_(session),
        folder_(std::move(folder)),
        prober_(settings.file, PhotoPurpose::kEnrol) {}

  // Errors: kInput and kNo for what is wrong with this row, kEnvironment for what ends the import.
  Result<Imported> take(const ImportRow& row) {
    if (!row.entry) return input_error("bad_row", row.reason);
    const ImportEntry& entry = *row.entry;
    const std::string key = entry.args.at("external").get<std::string>();
    const auto [first, fresh] = rows_of_.try_emplace(key, row.row);
    if (!fresh) {
      return input_error("same_row",
                         fmt::format("it is the same customer as row {}", first->second));
    }
    json args = entry.args;
    args["resume"] = true;
    MAITRED_ASSIGN(const json known, session_.ask("check_enrolment", args));
    if (known.contains("known")) return renew(known["known"].get<std::string>(), entry);
    MAITRED_ASSIGN(args["photos"], photos(entry));
    MAITRED_TRY(session_.ask("enroll", args));
    return Imported::kEnrolled;
  }

 private:
  // A customer of an earlier import: what the file says now is taken over, but for the consent and
  // the photos, which take the verbs made for them.
  Result<Imported> renew(const std::string& id, const ImportEntry& entry) {
    if (is_row_key(entry.args.at("external").get_ref<const std::string&>())) {
      return Imported::kUnchanged;
    }
    MAITRED_ASSIGN(const json held, session_.ask("show", {{"id", id}}));
    json changes = {{"id", id}};
    for (const char* field : {"name", "loyalty", "tier", "note"}) {
      const json& wanted = entry.args.at(field);
      if (wanted != "" && wanted != held.value(field, "")) changes[field] = wanted;
    }
    for (const auto& [name, value] : entry.args.at("preferences").items()) {
      if (held["preferences"].value(name, "") != value) changes["preferences"][name] = value;
    }
    if (changes.size() == 1) return Imported::kUnchanged;
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

// Progress and the lines of rejected rows, each on its own line of the terminal.
class ImportReport {
 public:
  // `strict`: one rejected row makes the whole a fault.
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
  // Nothing but rejections is a no.
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

// Each row is done, rejected, or the end of the import.
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
  verb->add_option("FILE", *file, "FILE.csv with a head, or FILE.jsonl with an object a line")
      ->required();
  auto strict = std::make_shared<bool>(false);
  verb->add_flag("--strict", *strict,
                 "End with status 2 when any row was rejected; else only when all were, with 1");
  verb->footer(
      "Columns (keys) are named as the options of enroll: name, photo, consent-version,\n"
      "consent-ref, scope, expires, loyalty, incentive, preference, tier, note, external-id,\n"
      "allow-duplicate, keep-photos. Several photos, preferences and scopes are separated by ';';\n"
      "photos are relative to the file. Run it again after an interruption: who is enrolled is\n"
      "known by external-id, or else by the row itself. A changed row with an external-id updates\n"
      "name, loyalty, tier, note and preferences.\n"
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
