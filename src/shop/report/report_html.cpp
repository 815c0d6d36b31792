// The report as one page: no script, no font, no picture from elsewhere.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "maitred/base/text.h"
#include "maitred/shop/report/report.h"

namespace maitred {
namespace {

constexpr const char* kReportStyle = R"css(
:root{color-scheme:light dark;--ink:#1b1d20;--quiet:#55595f;--line:#d9d6cd;--bar:#0b5c4a;--ground:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#f1f1ee;--quiet:#b3b7bd;--line:#363a40;--bar:#7fd8bd;--ground:#15171a}}
body{font:16px/1.5 system-ui,"DejaVu Sans",sans-serif;color:var(--ink);background:var(--ground);max-width:56rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.3rem 0}.quiet,caption,th{color:var(--quiet);font-weight:400}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.big{display:flex;flex-wrap:wrap;gap:1.5rem;margin:1rem 0}
.big div{min-width:7rem}.big b{display:block;font-size:1.7rem;line-height:1.2}svg{width:100%;height:auto;display:block}
svg text{fill:var(--quiet);font-size:11px}svg .bar{fill:var(--bar)}svg .line{stroke:var(--line)}svg .mark{stroke:var(--bar);fill:var(--bar)}
)css";

std::string seconds_text(const std::optional<double>& seconds) {
  if (!seconds) return "&ndash;";
  if (*seconds < 120.0) return fmt::format("{:.1f} s", *seconds);
  return fmt::format("{:.1f} min", *seconds / 60.0);
}

std::string interval_text(const std::optional<Interval>& value, double scale, int digits,
                          std::string_view unit) {
  if (!value) return "too few";
  return fmt::format("{:.{}f}{} <span class=\"quiet\">({:.{}f} to {:.{}f})</span>",
                     value->estimate * scale, digits, unit, value->low * scale, digits,
                     value->high * scale, digits);
}

struct Bar {
  std::string label;
  std::size_t count = 0;
};

std::string bars(const std::vector<Bar>& all, std::string_view title) {
  constexpr double kWidth = 720, kHeight = 180, kFoot = 24, kHead = 16;
  std::size_t most = 1;
  for (const Bar& bar : all) most = std::max(most, bar.count);
  const double step = kWidth / static_cast<double>(std::max<std::size_t>(all.size(), 1));
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><title>{}</title>"
      "<line class=\"line\" x1=\"0\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
      kWidth, kHeight, escaped_html(title), escaped_html(title), kHeight - kFoot, kWidth,
      kHeight - kFoot);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double height =
        (kHeight - kFoot - kHead) * static_cast<double>(all[i].count) / static_cast<double>(most);
    const double left = step * static_cast<double>(i);
    svg += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "rx=\"2\"/>"
        "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        left + step * 0.12, kHeight - kFoot - height, step * 0.76, height, left + step / 2,
        kHeight - 8, escaped_html(all[i].label));
    if (all[i].count > 0) {
      svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                         left + step / 2, kHeight - kFoot - height - 4, all[i].count);
    }
  }
  return svg + "</svg>";
}

std::string hours_plot(const Report& report) {
  std::vector<Bar> all;
  for (std::size_t hour = 0; hour < report.by_hour.size(); ++hour) {
    all.push_back({fmt::format("{}", hour), report.by_hour[hour]});
  }
  return bars(all, "Visits by hour, UTC");
}

std::string claims_plot(const Report& report) {
  static constexpr std::array<double, 7> kEdges_s = {5, 10, 20, 40, 60, 120, 300};
  std::vector<Bar> all;
  for (const double edge : kEdges_s) all.push_back({fmt::format("< {} s", edge), 0});
  all.push_back({"longer", 0});
  for (const double seconds : report.claim_times_s) {
    const auto edge = std::upper_bound(kEdges_s.begin(), kEdges_s.end(), seconds);
    ++all[static_cast<std::size_t>(edge - kEdges_s.begin())].count;
  }
  return bars(all, "Time to claim");
}

// Each arm's mean rating with its interval, on a scale from 0 to 10.
std::string arms_plot(const Report& report) {
  constexpr double kLeft = 110, kScale = 58;
  std::string svg =
      "<svg viewBox=\"0 0 720 110\" role=\"img\" aria-label=\"Mean rating by arm\">"
      "<title>Mean rating by arm, with 95 % intervals</title>";
  for (int mark = 0; mark <= 10; mark += 2) {
    const double x = kLeft + kScale * mark;
    svg += fmt::format(
        "<line class=\"line\" x1=\"{0}\" y1=\"8\" x2=\"{0}\" y2=\"84\"/>"
        "<text x=\"{0}\" y=\"100\" text-anchor=\"middle\">{1}</text>",
        x, mark);
  }
  const auto add = [&](const ReportArm& arm, std::string_view label, double y) {
    svg += fmt::format("<text x=\"0\" y=\"{}\">{}</text>", y + 4, label);
    if (!arm.mean_rating) return;
    svg += fmt::format(
        "<line class=\"mark\" stroke-width=\"3\" x1=\"{:.1f}\" y1=\"{}\" x2=\"{:.1f}\" y2=\"{}\"/>"
        "<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{}\" r=\"5\"/>",
        kLeft + kScale * arm.mean_rating->low, y, kLeft + kScale * arm.mean_rating->high, y,
        kLeft + kScale * arm.mean_rating->estimate, y);
  };
  add(report.with_alerts, "with alerts", 28);
  add(report.holdout, "held out", 62);
  return svg + "</svg>";
}

std::string arm_row(std::string_view name, const ReportArm& arm) {
  return fmt::format(
      "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
      "<td>{}</td><td>{}</td></tr>",
      name, arm.visits, arm.customers, arm.ratings.size(), interval_text(arm.mean_rating, 1, 2, ""),
      interval_text(arm.nps, 1, 0, ""));
}

std::string experiment(const Report& report) {
  std::string text =
      "<h2>What alerts are worth</h2><table><tr><th>Arm<th class=\"n\">Visits<th class=\"n\">"
      "Customers<th class=\"n\">Answers<th>Mean rating<th>NPS</tr>";
  text += arm_row("with alerts", report.with_alerts) + arm_row("held out", report.holdout);
  text += "</table>" + arms_plot(report);
  if (!report.rating_gain) {
    return text +
           "<p class=\"quiet\">Too few answers to compare the arms: two of each at least; "
           "see <code>holdout</code> under [visits].</p>";
  }
  text +=
      fmt::format("<p>Gain by alerts: {} points.</p>", interval_text(report.rating_gain, 1, 2, ""));
  return text + fmt::format(
                    "<p class=\"quiet\">A gain of {} points would be found with 80 % power "
                    "by {} answers of each arm; {} still needed.</p>",
                    report.effect, report.answers_needed.value_or(0),
                    report.answers_still_needed.value_or(0));
}

std::string cameras_table(const Report& report) {
  std::string text =
      "<h2>Cameras</h2><table><tr><th>Camera<th class=\"n\">Visits<th class=\"n\">Alerts"
      "<th class=\"n\">Served<th class=\"n\">Wrong person<th class=\"n\">Median to claim</tr>";
  for (const auto& [name, camera] : report.cameras) {
    text += fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        escaped_html(name), camera.visits, camera.alerts, camera.served, camera.wrong_person,
        seconds_text(camera.to_claim.median_s));
  }
  return text + "</table>";
}

std::string names_table(const Report& report) {
  if (report.by_name.empty()) return "";
  std::string text = "<h2>Customers</h2><table><tr><th>Name<th class=\"n\">Visits</tr>";
  for (const CustomerFigures& one : report.by_name) {
    text += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td></tr>", escaped_html(one.name),
                        one.visits);
  }
  return text + "</table>";
}

std::string outcomes_table(const Report& report) {
  std::string text = "<h2>What came of alerts</h2><table>";
  for (const auto& [outcome, count] : report.outcomes) {
    std::string words = outcome;
    std::replace(words.begin(), words.end(), '_', ' ');
    text += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td></tr>", words, count);
  }
  return text + fmt::format("</table><p>Wrong person: {} of {} answered alerts.</p>",
                            interval_text(report.wrong_person_rate, 100, 1, " %"), report.answered);
}

}  // namespace

std::string report_html(const Report& report) {
  std::string page = fmt::format(
      "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>maitred report</title>"
      "<style>{}</style></head><body><h1>Visits and alerts</h1><p class=\"quiet\">{} to {}</p>",
      kReportStyle, format_time(report.from).substr(0, 16), format_time(report.to).substr(0, 16));
  page += fmt::format(
      "<div class=\"big\"><div><b>{}</b>visits</div><div><b>{}</b>customers</div><div><b>{}</b>"
      "alerts</div><div><b>{}</b>median to claim</div><div><b>{}</b>95th percentile</div>"
      "<div><b>{}</b>median to served</div></div>",
      report.visits, report.customers, report.alerts, seconds_text(report.to_claim.median_s),
      seconds_text(report.to_claim.p95_s), seconds_text(report.to_serve.median_s));
  page += "<h2>Time to claim</h2>" + claims_plot(report);
  page += outcomes_table(report);
  page += experiment(report);
  page += "<h2>Busiest hours (UTC)</h2>" + hours_plot(report);
  page += cameras_table(report) + names_table(report);
  return page +
         "<p class=\"quiet\">Intervals are 95 %: Wilson for shares, Student for means, Welch "
         "for their difference.</p></body></html>\n";
}

}  // namespace maitred
