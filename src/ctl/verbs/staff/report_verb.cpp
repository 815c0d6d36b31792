// report.
#include <fmt/format.h>

#include <memory>

#include "maitred/admin/reports.h"
#include "maitred/base/file.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct ReportOptions {
  std::string from, to, html;
  bool names = false;
};

std::string share_text(const json& interval, double scale, int digits, const char* unit) {
  if (!interval.is_object()) return "too few to say";
  return fmt::format("{:.{}f}{} ({:.{}f} to {:.{}f})", interval["estimate"].get<double>() * scale,
                     digits, unit, interval["low"].get<double>() * scale, digits,
                     interval["high"].get<double>() * scale, digits);
}

std::string times_text(const json& times) {
  if (!times["median_s"].is_number()) return "none yet";
  return fmt::format("median {:.1f} s, 95th percentile {:.1f} s, of {}",
                     times["median_s"].get<double>(), times["p95_s"].get<double>(),
                     times["count"].get<std::size_t>());
}

std::string arm_text(const char* name, const json& arm) {
  return fmt::format("  {:<12} {} visits, {} answers; rating {}; NPS {}\n", name,
                     arm["visits"].get<std::size_t>(), arm["ratings"].get<std::size_t>(),
                     share_text(arm["mean_rating"], 1, 2, ""), share_text(arm["nps"], 1, 0, ""));
}

std::string hours_text(const json& hours) {
  std::vector<std::pair<std::size_t, std::size_t>> busiest;
  for (std::size_t hour = 0; hour < hours.size(); ++hour) {
    busiest.emplace_back(hours[hour].get<std::size_t>(), hour);
  }
  std::sort(busiest.rbegin(), busiest.rend());
  std::string text;
  for (std::size_t i = 0; i < 3 && i < busiest.size() && busiest[i].first > 0; ++i) {
    text += fmt::format("{}{:02}:00 ({})", i == 0 ? "" : ", ", busiest[i].second, busiest[i].first);
  }
  return text.empty() ? "none yet" : text;
}

std::string report_text(const json& report) {
  std::string text = fmt::format(
      "{} to {}: {} visits of {} customers, {} alerts, {} claimed\n"
      "Time to claim: {}\nTime to served: {}\nOutcomes:",
      report.value("from", "").substr(0, 16), report.value("to", "").substr(0, 16),
      report["visits"].get<std::size_t>(), report["customers"].get<std::size_t>(),
      report["alerts"].get<std::size_t>(), report["claimed"].get<std::size_t>(),
      times_text(report["to_claim"]), times_text(report["to_serve"]));
  for (const auto& [outcome, count] : report["outcomes"].items()) {
    text += fmt::format(" {} {}", outcome, count.get<std::size_t>());
  }
  text += fmt::format("\nWrong person: {} of {} answered alerts\nExperiment:\n",
                      share_text(report["wrong_person_rate"], 100, 1, " %"),
                      report["answered"].get<std::size_t>());
  text += arm_text("with alerts", report["arms"]["alerts"]) +
          arm_text("held out", report["arms"]["holdout"]);
  if (report["rating_gain"].is_object()) {
    text += fmt::format("  gain {}; {} more answers of each arm would show one of {} points\n",
                        share_text(report["rating_gain"], 1, 2, " points"),
                        report["answers_still_needed"].get<std::size_t>(),
                        report["effect"].get<double>());
  }
  text += "Busiest hours (UTC): " + hours_text(report["by_hour_utc"]) + "\n";
  std::vector<std::vector<std::string>> rows;
  for (const json& camera : report["cameras"]) {
    rows.push_back({camera.value("camera", ""), std::to_string(camera.value("visits", 0)),
                    std::to_string(camera.value("alerts", 0)),
                    std::to_string(camera.value("served", 0)),
                    std::to_string(camera.value("wrong_person", 0))});
  }
  if (!rows.empty()) {
    text += format_table({"CAMERA", "VISITS", "ALERTS", "SERVED", "WRONG PERSON"}, rows);
  }
  rows.clear();
  for (const json& one : report.value("by_name", json::array())) {
    rows.push_back({one.value("name", ""), std::to_string(one.value("visits", 0))});
  }
  return rows.empty() ? text : text + format_table({"NAME", "VISITS"}, rows);
}

Result<Answer> report(Session& session, const ReportOptions& options) {
  verbs::ReportArgs args{{}, {}, options.names, !options.html.empty()};
  MAITRED_TRY(read_value("from", options.from, args.from));
  MAITRED_TRY(read_value("to", options.to, args.to));
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("report", args));
  if (!options.html.empty()) {
    const std::string page = answer.object.value("html", "");
    MAITRED_TRY(write_file(options.html,
                           {reinterpret_cast<const std::uint8_t*>(page.data()), page.size()},
                           options.names ? 0600 : 0644));
    answer.object["html"] = options.html;
  }
  answer.text = report_text(answer.object);
  if (!options.html.empty()) answer.text += fmt::format("Written to {}.\n", options.html);
  return answer;
}

}  // namespace

void add_report_verb(CommandLine& line) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* verb =
      add_verb(line, "report", "Response times, outcomes, ratings and the experiment, in figures");
  verb->add_option("--from", options->from, "Visits from this date or time on");
  verb->add_option("--to", options->to, "Visits before this date or time");
  verb->add_option("--html", options->html, "Write a page with plots to this file");
  verb->add_flag("--names", options->names, "Include customers by name (audited)");
  verb->callback(
      [&line, options] { line.run = [&line, options] { return report(line.session, *options); }; });
}

}  // namespace maitred
