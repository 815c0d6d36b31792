// The report as one page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "maitred/base/html.h"
#include "maitred/shop/report/report.h"

namespace maitred {
namespace {

std::string seconds_text(const std::optional<double>& seconds) {
  if (!seconds) return "\u2013";
  if (*seconds < 120.0) return fmt::format("{:.1f} s", *seconds);
  return fmt::format("{:.1f} min", *seconds / 60.0);
}

// "8.33 (7.00 to 9.66)"
std::string interval_text(const std::optional<Interval>& value, double scale, int digits,
                          std::string_view unit) {
  if (!value) return "too few";
  return fmt::format("{:.{}f}{} ({:.{}f} to {:.{}f})", value->estimate * scale, digits, unit,
                     value->low * scale, digits, value->high * scale, digits);
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
      "<line class=\"grid\" x1=\"0\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
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
        "<line class=\"grid\" x1=\"{0}\" y1=\"8\" x2=\"{0}\" y2=\"84\"/>"
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

using enum HtmlTable::Align;

std::string count_text(std::size_t count) { return fmt::format("{}", count); }

void add_arm(HtmlTable& table, std::string name, const ReportArm& arm) {
  table.row({std::move(name), count_text(arm.visits), count_text(arm.customers),
             count_text(arm.ratings.size()), interval_text(arm.mean_rating, 1, 2, ""),
             interval_text(arm.nps, 1, 0, "")});
}

void add_experiment(HtmlPage& page, const Report& report) {
  HtmlTable arms({{"Arm"},
                  {"Visits", kRight},
                  {"Customers", kRight},
                  {"Answers", kRight},
                  {"Mean rating"},
                  {"NPS"}});
  add_arm(arms, "with alerts", report.with_alerts);
  add_arm(arms, "held out", report.holdout);
  page.heading("What alerts are worth").table(arms).markup(arms_plot(report));
  if (!report.rating_gain) {
    page.remark(
        "Too few answers to compare the arms: each needs at least two. See holdout under [visits] "
        "in the configuration.");
    return;
  }
  page.paragraph(
      fmt::format("Gain by alerts: {} points.", interval_text(report.rating_gain, 1, 2, "")));
  page.remark(fmt::format(
      "To find a gain of {} points with 80 % power, each arm needs {} answers; {} are "
      "still missing.",
      report.effect, report.answers_needed.value_or(0), report.answers_still_needed.value_or(0)));
}

HtmlTable cameras_table(const Report& report) {
  HtmlTable table({{"Camera"},
                   {"Visits", kRight},
                   {"Alerts", kRight},
                   {"Served", kRight},
                   {"Wrong person", kRight},
                   {"Median to claim", kRight}});
  for (const auto& [name, camera] : report.cameras) {
    table.row({name, count_text(camera.visits), count_text(camera.alerts),
               count_text(camera.served), count_text(camera.wrong_person),
               seconds_text(camera.to_claim.median_s)});
  }
  return table;
}

HtmlTable names_table(const Report& report) {
  HtmlTable table({{"Name"}, {"Visits", kRight}});
  for (const CustomerFigures& one : report.by_name) {
    table.row({one.name, count_text(one.visits)});
  }
  return table;
}

HtmlTable outcomes_table(const Report& report) {
  HtmlTable table({{"Outcome"}, {"Alerts", kRight}});
  for (const auto& [outcome, count] : report.outcomes) {
    std::string words = outcome;
    std::replace(words.begin(), words.end(), '_', ' ');
    table.row({words, count_text(count)});
  }
  return table;
}

}  // namespace

std::string report_html(const Report& report) {
  HtmlPage page("Visits and alerts");
  page.remark(fmt::format("{} to {}", format_time(report.from).substr(0, 16),
                          format_time(report.to).substr(0, 16)))
      .figures({{count_text(report.visits), "visits"},
                {count_text(report.customers), "customers"},
                {count_text(report.alerts), "alerts"},
                {seconds_text(report.to_claim.median_s), "median to claim"},
                {seconds_text(report.to_claim.p95_s), "95th percentile"},
                {seconds_text(report.to_serve.median_s), "median to served"}})
      .heading("Time to claim")
      .markup(claims_plot(report))
      .heading("Outcomes of alerts")
      .table(outcomes_table(report))
      .paragraph(fmt::format("Wrong person: {} of {} answered alerts.",
                             interval_text(report.wrong_person_rate, 100, 1, " %"),
                             report.answered));
  add_experiment(page, report);
  page.heading("Busiest hours (UTC)").markup(hours_plot(report));
  page.heading("Cameras").table(cameras_table(report));
  if (!report.by_name.empty()) page.heading("Customers").table(names_table(report));
  page.remark(
      "Intervals are 95 %: Wilson for shares, Student for means, Welch for their difference.");
  return page.html();
}

}  // namespace maitred
