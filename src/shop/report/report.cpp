#include "maitred/shop/report/report.h"

#include <algorithm>
#include <set>

namespace maitred {
namespace {

double seconds_between(WallTime from, WallTime to) {
  return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

ResponseTimes times_of(const std::vector<double>& seconds) {
  return {seconds.size(), quantile(seconds, 0.5), quantile(seconds, 0.95)};
}

bool is_staff_answer(Outcome outcome) {
  return outcome == Outcome::kServed || outcome == Outcome::kDeclined ||
         outcome == Outcome::kWrongPerson || outcome == Outcome::kNotFound;
}

ReportArm arm_of(const std::vector<const ReportRow*>& rows, bool holdout) {
  ReportArm arm;
  std::set<std::string> customers;
  std::vector<double> promoters;
  for (const ReportRow* row : rows) {
    if (row->holdout != holdout) continue;
    ++arm.visits;
    customers.insert(row->customer);
    if (!row->rating) continue;
    arm.ratings.push_back(*row->rating);
    promoters.push_back(*row->rating >= 9 ? 100.0 : *row->rating <= 6 ? -100.0 : 0.0);
  }
  arm.customers = customers.size();
  arm.mean_rating = mean_interval(arm.ratings);
  arm.nps = mean_interval(promoters);
  for (auto* interval : {&arm.mean_rating, &arm.nps}) {
    if (!*interval) continue;
    const double least = interval == &arm.nps ? -100.0 : 0.0;
    const double most = interval == &arm.nps ? 100.0 : 10.0;
    (*interval)->low = std::max((*interval)->low, least);
    (*interval)->high = std::min((*interval)->high, most);
  }
  return arm;
}

void add_cameras(Report& report, const std::vector<const ReportRow*>& rows) {
  std::map<std::string, std::vector<double>> claims;
  for (const ReportRow* row : rows) {
    CameraFigures& camera = report.cameras[row->camera];
    ++camera.visits;
    if (row->alerted) ++camera.alerts;
    if (row->outcome == Outcome::kServed) ++camera.served;
    if (row->outcome == Outcome::kWrongPerson) ++camera.wrong_person;
    if (row->alerted && row->claimed) {
      claims[row->camera].push_back(seconds_between(*row->alerted, *row->claimed));
    }
  }
  for (auto& [name, camera] : report.cameras) camera.to_claim = times_of(claims[name]);
}

void add_names(Report& report, const std::vector<const ReportRow*>& rows) {
  std::map<std::string, CustomerFigures> customers;
  for (const ReportRow* row : rows) {
    if (row->name.empty()) continue;
    CustomerFigures& figures = customers[row->customer];
    figures.name = row->name;
    ++figures.visits;
  }
  for (auto& [id, figures] : customers) report.by_name.push_back(std::move(figures));
  std::stable_sort(report.by_name.begin(), report.by_name.end(),
                   [](const auto& a, const auto& b) { return a.visits > b.visits; });
}

void add_alerts(Report& report, const std::vector<const ReportRow*>& rows) {
  std::vector<double> serve_times_s;
  for (const ReportRow* row : rows) {
    if (!row->alerted) continue;
    ++report.alerts;
    ++report.outcomes[std::string(word(row->outcome))];
    if (is_staff_answer(row->outcome)) ++report.answered;
    if (row->claimed) {
      ++report.claimed;
      report.claim_times_s.push_back(seconds_between(*row->alerted, *row->claimed));
    }
    if (row->closed && row->outcome == Outcome::kServed) {
      serve_times_s.push_back(seconds_between(*row->alerted, *row->closed));
    }
  }
  report.to_claim = times_of(report.claim_times_s);
  report.to_serve = times_of(serve_times_s);
  const auto wrong = report.outcomes.find("wrong_person");
  report.wrong_person_rate =
      share_interval(wrong == report.outcomes.end() ? 0 : wrong->second, report.answered);
}

}  // namespace

Report make_report(const std::vector<ReportRow>& rows, WallTime from, WallTime to) {
  Report report;
  report.from = from;
  report.to = to;
  std::vector<const ReportRow*> within;
  std::set<std::string> customers;
  for (const ReportRow& row : rows) {
    if (row.start < from || row.start >= to) continue;
    within.push_back(&row);
    customers.insert(row.customer);
    const auto hour = std::chrono::floor<std::chrono::hours>(
        row.start - std::chrono::floor<std::chrono::days>(row.start));
    ++report.by_hour[static_cast<std::size_t>(hour.count())];
  }
  report.visits = within.size();
  report.customers = customers.size();
  add_alerts(report, within);
  report.with_alerts = arm_of(within, false);
  report.holdout = arm_of(within, true);
  report.rating_gain = difference_interval(report.with_alerts.ratings, report.holdout.ratings);
  report.answers_needed =
      answers_needed(report.with_alerts.ratings, report.holdout.ratings, report.effect);
  if (report.answers_needed) {
    const std::size_t have =
        std::min(report.with_alerts.ratings.size(), report.holdout.ratings.size());
    report.answers_still_needed = *report.answers_needed > have ? *report.answers_needed - have : 0;
  }
  add_cameras(report, within);
  add_names(report, within);
  return report;
}

}  // namespace maitred
