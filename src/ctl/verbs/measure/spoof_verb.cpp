#include "spoof_verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "maitred/base/file.h"
#include "maitred/base/time.h"
#include "maitred/ctl/evaluation/spoof_page.h"
#include "maitred/ctl/evaluation/spoof_trial.h"
#include "maitred/shop/desk/shop.h"
#include "src/ctl/verbs/photos/eye_report.h"
#include "src/ctl/verbs/photos/photo_probe.h"

namespace maitred {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr Milliseconds kFilmPatience{120'000};

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return ending;
}

template <std::size_t kCount>
bool ends_with_one_of(const fs::path& path, const std::array<const char*, kCount>& endings) {
  const std::string ending = ending_of(path);
  return std::any_of(endings.begin(), endings.end(),
                     [&](const char* one) { return ending == one; });
}

bool is_photo_file(const fs::path& path) {
  return ends_with_one_of(path, std::array{".jpg", ".jpeg", ".png", ".webp"});
}

bool is_film(const fs::path& path) {
  return ends_with_one_of(path, std::array{".mp4", ".avi", ".mkv", ".mov", ".webm"});
}

struct Source {
  std::string kind;
  fs::path path;
  std::vector<fs::path> photos;  // empty: a film
};

std::vector<fs::path> photos_in(const fs::path& folder) {
  std::vector<fs::path> photos;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(folder, unreadable)) {
    if (is_photo_file(entry.path())) photos.push_back(entry.path());
  }
  std::sort(photos.begin(), photos.end());
  return photos;
}

Result<std::vector<Source>> list_sources(const std::string& folder) {
  std::error_code unreadable;
  fs::directory_iterator kinds(folder, unreadable);
  if (unreadable) {
    return input_error("file_missing",
                       fmt::format("{}: {}; give a folder with a folder \"live\" and one for each "
                                   "kind of attack",
                                   folder, unreadable.message()));
  }
  std::vector<Source> sources;
  for (const auto& kind : kinds) {
    if (!kind.is_directory()) continue;
    const std::string name = attack_kind(kind.path().filename().string());
    for (const auto& entry : fs::directory_iterator(kind.path(), unreadable)) {
      if (entry.is_directory()) {
        auto photos = photos_in(entry.path());
        if (!photos.empty()) sources.push_back({name, entry.path(), std::move(photos)});
      } else if (is_photo_file(entry.path())) {
        sources.push_back({name, entry.path(), {entry.path()}});
      } else if (is_film(entry.path())) {
        sources.push_back({name, entry.path(), {}});
      }
    }
  }
  std::sort(sources.begin(), sources.end(),
            [](const Source& a, const Source& b) { return a.path < b.path; });
  if (sources.empty()) {
    return input_error("no_photos",
                       fmt::format("{} holds no presentations: put photos and films of live faces "
                                   "into {}/live, those of attacks into {}/KIND",
                                   folder, folder, folder));
  }
  return sources;
}

// The mean over the photos that show a face. The process of a film fuses its pictures itself.
Result<Presentation> judge_source(const Settings& settings, PhotoProber& prober,
                                  const Source& source, double& live_from) {
  Presentation one{source.kind, source.path.string(), 0, std::nullopt};
  if (source.photos.empty()) {
    MAITRED_ASSIGN(const json report, measure_liveness(settings.file, source.path, kFilmPatience));
    one.frames = report.value("faces", std::size_t{0});
    live_from = report.at("live_from").get<double>();
    if (report.at("liveness").is_number()) one.score = report["liveness"].get<double>();
    return one;
  }
  double sum = 0.0;
  for (const fs::path& photo : source.photos) {
    const auto report = prober.probe(photo);
    if (!report && report.error().fault == Fault::kEnvironment) {
      return tl::unexpected(report.error());
    }
    if (!report) continue;
    if (!report->value("liveness", json()).is_number()) {
      return environment_error("liveness_missing",
                               "the liveness models are not there, or recognition.liveness is off; "
                               "run: maitredctl models fetch");
    }
    live_from = report->at("live_from").get<double>();
    sum += report->at("liveness").get<double>();
    ++one.frames;
  }
  if (one.frames > 0) one.score = sum / static_cast<double>(one.frames);
  return one;
}

json rate_json(const SpoofRate& rate, const char* name) {
  return {{"presentations", rate.presentations},
          {"no_response", rate.no_response},
          {"wrong", rate.wrong},
          {name, rate.rate},
          {fmt::format("{}_interval", name), {rate.low, rate.high}}};
}

std::vector<std::string> row_of_rate(const SpoofRate& rate, const char* name) {
  return {
      rate.kind.empty() ? "live" : rate.kind, std::to_string(rate.presentations),
      std::to_string(rate.no_response), name,
      fmt::format("{:.2f} % ({:.2f} to {:.2f})", 100 * rate.rate, 100 * rate.low, 100 * rate.high)};
}

}  // namespace

Result<Answer> evaluate_spoof(Session& session, const std::string& folder,
                              const std::string& report) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  MAITRED_ASSIGN(const auto sources, list_sources(folder));
  PhotoProber prober(settings->file, PhotoPurpose::kProbe);
  ProgressBar bar("presentations", session.options().quiet);
  std::vector<Presentation> presentations;
  double live_from = 0.0;
  for (const Source& source : sources) {
    bar.show(presentations.size(), sources.size());
    MAITRED_ASSIGN(Presentation one, judge_source(*settings, prober, source, live_from));
    presentations.push_back(std::move(one));
  }
  bar.clear();
  const SpoofTrial trial = judge_presentations(presentations, live_from);
  Answer answer;
  std::vector<std::vector<std::string>> table = {row_of_rate(trial.bona_fide, "BPCER")};
  json attacks = json::array();
  for (const SpoofRate& rate : trial.attacks) {
    json one = rate_json(rate, "apcer");
    one["kind"] = rate.kind;
    attacks.push_back(std::move(one));
    table.push_back(row_of_rate(rate, "APCER"));
  }
  answer.object["spoof"] = {{"threshold", trial.threshold},
                            {"bona_fide", rate_json(trial.bona_fide, "bpcer")},
                            {"attacks", std::move(attacks)},
                            {"mistaken", trial.mistaken}};
  answer.text = format_table({"KIND", "PRESENTATIONS", "NO FACE", "RATE", "95 %"}, table);
  if (!report.empty()) {
    const std::string html = spoof_html(trial, format_time(wall_now()));
    MAITRED_TRY(
        write_file(report, {reinterpret_cast<const std::uint8_t*>(html.data()), html.size()}));
    answer.object["report"] = report;
    answer.text += fmt::format("\nReport: {}\n", report);
  }
  return answer;
}

}  // namespace maitred
