// evaluate.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "maitred/admin/photo_reports.h"
#include "maitred/base/file.h"
#include "maitred/base/time.h"
#include "maitred/ctl/evaluation/evaluation_page.h"
#include "maitred/ctl/evaluation/trials.h"
#include "maitred/models/manifest.h"
#include "maitred/shop/desk/recognition.h"
#include "maitred/shop/desk/shop.h"
#include "spoof_verb.h"
#include "src/ctl/verbs/photos/photo_probe.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct Evaluate {
  std::string folder, report, half, spoof;
  TrialPlan plan;
  bool calibration = false;
};

struct PhotoFile {
  std::string person;
  fs::path path;
};

bool is_photo(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png" || ending == ".webp";
}

// Reads DIR/PERSON/*, by name. The half of a person depends on the name alone.
Result<std::vector<PhotoFile>> list_photos(const Evaluate& evaluate) {
  std::error_code unreadable;
  std::vector<PhotoFile> files;
  fs::directory_iterator people(evaluate.folder, unreadable);
  if (unreadable) {
    return input_error("file_missing", fmt::format("{}: {}; give a folder with a folder a person",
                                                   evaluate.folder, unreadable.message()));
  }
  for (const auto& person : people) {
    if (!person.is_directory()) continue;
    const std::string name = person.path().filename().string();
    const bool first = std::hash<std::string>{}(name) % 2 == 0;
    if (!evaluate.half.empty() && first != (evaluate.half == "first")) continue;
    fs::directory_iterator photos(person.path(), unreadable);
    if (unreadable) continue;
    for (const auto& photo : photos) {
      if (photo.is_regular_file() && is_photo(photo.path())) files.push_back({name, photo.path()});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const PhotoFile& a, const PhotoFile& b) { return a.path < b.path; });
  if (files.empty()) {
    return input_error("no_photos", fmt::format("{} holds no photos; make a folder a person: "
                                                "DIR/PERSON/*.jpg or *.png",
                                                evaluate.folder));
  }
  return files;
}

Result<Samples> read_samples(const Settings& settings, const ModelEngine& engine,
                             const std::vector<PhotoFile>& files, bool quiet) {
  PhotoProber prober(settings.file, PhotoPurpose::kProbe);
  ProgressBar bar("photos", quiet);
  Samples samples;
  samples.engine = engine.name;
  samples.template_length = static_cast<std::size_t>(engine.template_length);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (samples.people.empty() || samples.people.back() != files[i].person) {
      samples.people.push_back(files[i].person);
    }
    const auto report = prober.probe(files[i].path);
    bar.show(i + 1, files.size());
    if (!report && report.error().fault == Fault::kEnvironment) {
      return tl::unexpected(report.error());
    }
    if (!report) {
      ++samples.without_face;
      continue;
    }
    Sample sample;
    sample.person = samples.people.size() - 1;
    sample.photo = files[i].path.filename().string();
    MAITRED_ASSIGN(const PhotoReport photo, read_photo_report(*report));
    MAITRED_ASSIGN(sample.face, template_of(photo, samples.engine, samples.template_length));
    sample.fit = report->at("warnings").empty();
    const json& measures = report->at("measures");
    sample.width_px = measures.value("width_px", 0.0F);
    sample.light = measures.value("mean_light", 0.0F);
    sample.quality = report->at("quality").value("overall", 0.0F);
    samples.photos.push_back(std::move(sample));
  }
  return samples;
}

json rates_json(const Verification& verification) {
  json rows = json::array();
  for (double t = 0.0; t <= 0.9001; t += 0.01) {
    rows.push_back({{"threshold", std::round(t * 100.0) / 100.0},
                    {"fmr", verification.impostor.share_at_least(t)},
                    {"fnmr", verification.genuine.share_below(t)}});
  }
  return rows;
}

json at_fmr_json(const Verification& verification) {
  json rows = json::array();
  for (const double fmr : {1e-2, 1e-3, 1e-4, 1e-5}) {
    if (fmr * static_cast<double>(verification.impostor.total()) < 1.0) continue;
    const double threshold = verification.impostor.threshold_for(fmr);
    rows.push_back({{"fmr", fmr},
                    {"threshold", threshold},
                    {"fnmr", verification.genuine.share_below(threshold)}});
  }
  return rows;
}

json trial_json(const IdentificationTrial& trial) {
  return {{"gallery", trial.gallery},
          {"photos_per_person", trial.photos_per_person},
          {"fpir_target", trial.fpir_target},
          {"threshold", trial.threshold},
          {"fpir", trial.fpir},
          {"fpir_interval", {trial.fpir_low, trial.fpir_high}},
          {"fnir", trial.fnir},
          {"fnir_interval", {trial.fnir_low, trial.fnir_high}},
          {"at_target", {{"threshold", trial.threshold_at_target}, {"fnir", trial.fnir_at_target}}},
          {"strangers", trial.strangers},
          {"customers", trial.customers}};
}

json pairs_json(const Samples& samples, const std::vector<SuspectPair>& pairs) {
  json rows = json::array();
  const auto name = [&](std::size_t photo) {
    return samples.people[samples.photos[photo].person] + "/" + samples.photos[photo].photo;
  };
  for (const SuspectPair& pair : pairs) {
    rows.push_back(
        {{"photos", {name(pair.enrolled), name(pair.probe)}}, {"similarity", pair.similarity}});
  }
  return rows;
}

std::string text_of(const Samples& samples, const Verification& verification,
                    const std::vector<IdentificationTrial>& trials) {
  std::string text =
      fmt::format("{} people, {} photos ({} without a face). {} genuine, {} impostor pairs.\n\n",
                  samples.people.size(), samples.photos.size(), samples.without_face,
                  verification.genuine.total(), verification.impostor.total());
  std::vector<std::vector<std::string>> table;
  for (const json& row : at_fmr_json(verification)) {
    table.push_back({fmt::format("{:g}", row["fmr"].get<double>()),
                     fmt::format("{:.3f}", row["threshold"].get<double>()),
                     fmt::format("{:.2f} %", 100.0 * row["fnmr"].get<double>())});
  }
  text += format_table({"FMR", "THRESHOLD", "FNMR"}, table) + "\n";
  table.clear();
  const auto rate = [](double mean, double low, double high) {
    return fmt::format("{:.2f} % ({:.2f} to {:.2f})", 100 * mean, 100 * low, 100 * high);
  };
  for (const IdentificationTrial& trial : trials) {
    table.push_back({std::to_string(trial.gallery), std::to_string(trial.photos_per_person),
                     fmt::format("{:g}", trial.fpir_target), fmt::format("{:.3f}", trial.threshold),
                     rate(trial.fpir, trial.fpir_low, trial.fpir_high),
                     rate(trial.fnir, trial.fnir_low, trial.fnir_high),
                     fmt::format("{:.2f} %", 100 * trial.fnir_at_target)});
  }
  if (table.empty()) return text + "Too few people for 1:N trials.\n";
  return text + format_table({"GALLERY", "PHOTOS", "FPIR TARGET", "THRESHOLD", "FPIR", "FNIR",
                              "FNIR AT TARGET"},
                             table);
}

std::string calibration_text(const std::vector<CalibrationRow>& rows) {
  std::string text = "\ncalibration = [  # for models/manifest.toml: threshold, FMR, FNMR\n";
  for (const CalibrationRow& row : rows) {
    text += fmt::format("  [{:.3f}, {:g}, {:.4f}],\n", row.threshold, row.fmr, row.fnmr);
  }
  return text + "]\n";
}

json calibration_json(const std::vector<CalibrationRow>& rows) {
  json list = json::array();
  for (const CalibrationRow& row : rows) list.push_back({row.threshold, row.fmr, row.fnmr});
  return list;
}

Result<Answer> run_evaluation(Session& session, const Evaluate& evaluate) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  MAITRED_ASSIGN(const auto files, list_photos(evaluate));
  MAITRED_ASSIGN(const ModelEngine* engine, Manifest::built_in().engine(settings->engine));
  std::optional<Calibration> calibration;
  if (auto measured = calibration_of(*engine)) calibration = std::move(*measured);
  const bool quiet = session.options().quiet;
  MAITRED_ASSIGN(const Samples samples, read_samples(*settings, *engine, files, quiet));
  std::optional<Verification> verification;
  std::vector<IdentificationTrial> trials;
  {
    ProgressBar bar("1:1", quiet);
    const auto progress = [&](std::size_t done, std::size_t total) { bar.show(done, total); };
    MAITRED_ASSIGN(verification, verify_all(samples, progress));
  }
  {
    ProgressBar bar("1:N", quiet);
    const auto progress = [&](std::size_t done, std::size_t total) { bar.show(done, total); };
    MAITRED_ASSIGN(trials, identify_all(samples, evaluate.plan, calibration, progress));
  }
  const auto unfit = std::count_if(samples.photos.begin(), samples.photos.end(),
                                   [](const Sample& one) { return !one.fit; });
  Answer answer;
  json list = json::array();
  for (const IdentificationTrial& trial : trials) list.push_back(trial_json(trial));
  json bands = json::array();
  for (const auto& band : verification->bands) {
    bands.push_back({{"what", band.what},
                     {"from", band.from},
                     {"to", band.to},
                     {"pairs", band.pairs},
                     {"fnmr", band.fnmr},
                     {"fnmr_interval", {band.fnmr_low, band.fnmr_high}}});
  }
  answer.object = {
      {"engine", samples.engine},
      {"people", samples.people.size()},
      {"photos", files.size()},
      {"without_face", samples.without_face},
      {"unfit", unfit},
      {"pairs",
       {{"genuine", verification->genuine.total()}, {"impostor", verification->impostor.total()}}},
      {"fmr", rates_json(*verification)},
      {"verification", at_fmr_json(*verification)},
      {"identification", std::move(list)},
      {"bands", std::move(bands)},
      {"alike", pairs_json(samples, verification->alike)},
      {"unlike", pairs_json(samples, verification->unlike)}};
  answer.text = text_of(samples, *verification, trials);
  if (evaluate.calibration) {
    const auto rows = calibrate(*verification);
    answer.object["calibration"] = calibration_json(rows);
    answer.text += calibration_text(rows);
  }
  if (!evaluate.report.empty()) {
    const EvaluationPage page{
        "Recognition, evaluated", samples.engine, format_time(wall_now()),
        samples.people.size(),    files.size(),   static_cast<std::size_t>(unfit),
        samples.without_face};
    const std::string html = evaluation_html(page, samples, *verification, trials);
    MAITRED_TRY(write_file(evaluate.report,
                           {reinterpret_cast<const std::uint8_t*>(html.data()), html.size()}));
    answer.object["report"] = evaluate.report;
    answer.text += fmt::format("\nReport: {}\n", evaluate.report);
  }
  return answer;
}

}  // namespace

void add_evaluate_verb(CommandLine& line) {
  auto evaluate = std::make_shared<Evaluate>();
  CLI::App* verb = add_verb(line, "evaluate", "Measure accuracy on a folder of people");
  verb->add_option("DIR", evaluate->folder,
                   "A folder a person: DIR/PERSON/*.jpg|png; people with one photo are strangers");
  verb->add_option("--spoof", evaluate->spoof,
                   "Liveness instead: DIR/live/* and DIR/KIND/*, photos, films, or folders of "
                   "pictures that are films");
  verb->add_option("--report", evaluate->report, "Write an HTML page with tables and plots");
  verb->add_option("--gallery", evaluate->plan.galleries, "Sizes of the galleries to draw")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option("--photos", evaluate->plan.photos, "Photos enrolled of each customer")
      ->delimiter(',')
      ->check(CLI::Range(1, 10))
      ->capture_default_str();
  verb->add_option("--draws", evaluate->plan.draws, "Random galleries of each size")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_option("--seed", evaluate->plan.seed, "Seed of the random draws")
      ->capture_default_str();
  verb->add_option("--half", evaluate->half, "Only half of the people: first or second")
      ->check(CLI::IsMember({"first", "second"}));
  verb->add_flag("--calibration", evaluate->calibration,
                 "Also print the calibration table for models/manifest.toml");
  verb->callback([&line, evaluate] {
    if (evaluate->folder.empty() == evaluate->spoof.empty()) {
      throw CLI::ValidationError("give DIR, or --spoof DIR, and not both");
    }
    line.run = [&line, evaluate] {
      return evaluate->spoof.empty()
                 ? run_evaluation(line.session, *evaluate)
                 : evaluate_spoof(line.session, evaluate->spoof, evaluate->report);
    };
  });
}

}  // namespace maitred
