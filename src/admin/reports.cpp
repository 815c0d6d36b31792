#include "maitred/admin/reports.h"

#include <algorithm>
#include <map>

#include "maitred/shop/consent/consent.h"

namespace maitred {

using nlohmann::json;

json json_of(const Interval& interval) {
  return {{"estimate", interval.estimate}, {"low", interval.low}, {"high", interval.high}};
}

json json_of(const ResponseTimes& times) {
  return {{"count", times.count},
          {"median_s", json_of(times.median_s)},
          {"p95_s", json_of(times.p95_s)}};
}

json json_of(const ReportArm& arm) {
  return {{"visits", arm.visits},
          {"customers", arm.customers},
          {"ratings", arm.ratings.size()},
          {"mean_rating", json_of(arm.mean_rating)},
          {"nps", json_of(arm.nps)}};
}

json json_of(const CustomerFigures& figures) {
  return {{"name", figures.name}, {"visits", figures.visits}};
}

json cameras_json(const Report& report) {
  json cameras = json::array();
  for (const auto& [name, camera] : report.cameras) {
    cameras.push_back({{"camera", name},
                       {"visits", camera.visits},
                       {"alerts", camera.alerts},
                       {"served", camera.served},
                       {"wrong_person", camera.wrong_person},
                       {"to_claim", json_of(camera.to_claim)}});
  }
  return cameras;
}

namespace verbs {
namespace {

struct AlertTimes {
  std::optional<WallTime> alerted, claimed, closed;
};

Result<std::map<VisitId, AlertTimes>> alert_times(const Visits& visits) {
  MAITRED_ASSIGN(const auto events, visits.events());
  std::map<VisitId, AlertTimes> times;
  for (const AlertEvent& event : events) {
    AlertTimes& one = times[event.visit];
    if (event.state == AlertState::kNew) one.alerted = event.at;
    if (event.state == AlertState::kClaimed && !one.claimed) one.claimed = event.at;
    if (event.state == AlertState::kClosed) one.closed = event.at;
  }
  return times;
}

Result<std::vector<ReportRow>> report_rows(Store& store, WallTime from, bool names, WallTime now) {
  VisitQuery query;
  query.since = from;
  MAITRED_ASSIGN(const auto visits, store.visits().list(query));
  MAITRED_ASSIGN(const auto times, alert_times(store.visits()));
  MAITRED_ASSIGN(const auto answers, store.visits().feedback());
  std::map<VisitId, int> ratings;
  for (const Feedback& answer : answers) ratings[answer.visit] = answer.rating;
  std::vector<ReportRow> rows;
  for (const Visit& visit : visits) {
    ReportRow row;
    row.visit = visit.id.value;
    row.customer = visit.customer.value;
    row.camera = visit.camera;
    row.start = visit.start;
    row.outcome = visit.outcome;
    row.holdout = visit.holdout;
    if (const auto found = times.find(visit.id); found != times.end()) {
      row.alerted = found->second.alerted;
      row.claimed = found->second.claimed;
      row.closed = found->second.closed;
    }
    if (const auto found = ratings.find(visit.id); found != ratings.end()) {
      row.rating = found->second;
    }
    if (names) {
      MAITRED_ASSIGN(const Customer customer, store.customers().find(visit.customer));
      row.name = view_within_consent(customer, now).name;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

Result<ReportAnswer> report(Shop& shop, const ReportArgs& args, const Actor& actor) {
  WallTime start = args.from.value_or(shop.store().created());
  WallTime end = args.to.value_or(actor.at + Milliseconds{1});
  if (end <= start) {
    return input_error("bad_usage",
                       "'to' must be later than 'from'; without them the report covers everything");
  }
  // The frames of a film may be older than the store, and, read faster than it was taken, ahead of
  // the clock. Without given bounds the report covers them too.
  MAITRED_ASSIGN(const auto rows,
                 report_rows(shop.store(), args.from ? start : WallTime{}, args.names, actor.at));
  for (const ReportRow& row : rows) {
    if (!args.to) end = std::max(end, row.start + Milliseconds{1});
    if (!args.from) start = std::min(start, row.start);
  }
  ReportAnswer answer;
  answer.report = make_report(rows, start, end);
  if (args.names) MAITRED_TRY(shop.store().audit().append(actor, "report", "", "with names"));
  if (args.html) answer.html = report_html(answer.report);
  return answer;
}

std::vector<Verb> report_verbs() { return {at_once<ReportArgs>("report", report)}; }

}  // namespace verbs
}  // namespace maitred
