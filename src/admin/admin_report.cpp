// What happened, in figures.
#include <nlohmann/json.hpp>

#include "maitred/admin/admin.h"
#include "maitred/admin/admin_fields.h"
#include "maitred/shop/consent/consent.h"
#include "maitred/shop/report/report.h"

namespace maitred {

using nlohmann::json;

namespace {

json interval_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {{"estimate", interval->estimate}, {"low", interval->low}, {"high", interval->high}};
}

json times_json(const ResponseTimes& times) {
  return {{"count", times.count},
          {"median_s", times.median_s ? json(*times.median_s) : json(nullptr)},
          {"p95_s", times.p95_s ? json(*times.p95_s) : json(nullptr)}};
}

json arm_json(const ReportArm& arm) {
  return {{"visits", arm.visits},
          {"customers", arm.customers},
          {"ratings", arm.ratings.size()},
          {"mean_rating", interval_json(arm.mean_rating)},
          {"nps", interval_json(arm.nps)}};
}

json count_or_null(const std::optional<std::size_t>& count) {
  return count ? json(*count) : json(nullptr);
}

json report_json(const Report& report) {
  json cameras = json::array();
  for (const auto& [name, camera] : report.cameras) {
    cameras.push_back({{"camera", name},
                       {"visits", camera.visits},
                       {"alerts", camera.alerts},
                       {"served", camera.served},
                       {"wrong_person", camera.wrong_person},
                       {"to_claim", times_json(camera.to_claim)}});
  }
  json object = {
      {"from", format_time(report.from)},
      {"to", format_time(report.to)},
      {"visits", report.visits},
      {"customers", report.customers},
      {"alerts", report.alerts},
      {"claimed", report.claimed},
      {"to_claim", times_json(report.to_claim)},
      {"to_serve", times_json(report.to_serve)},
      {"outcomes", report.outcomes},
      {"answered", report.answered},
      {"wrong_person_rate", interval_json(report.wrong_person_rate)},
      {"arms", {{"alerts", arm_json(report.with_alerts)}, {"holdout", arm_json(report.holdout)}}},
      {"rating_gain", interval_json(report.rating_gain)},
      {"effect", report.effect},
      {"answers_needed", count_or_null(report.answers_needed)},
      {"answers_still_needed", count_or_null(report.answers_still_needed)},
      {"by_hour_utc", report.by_hour},
      {"cameras", std::move(cameras)}};
  if (!report.by_name.empty()) {
    object["by_name"] = json::array();
    for (const CustomerFigures& one : report.by_name) {
      object["by_name"].push_back({{"name", one.name}, {"visits", one.visits}});
    }
  }
  return object;
}

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

Result<json> Admin::report(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const auto from, time_field(args, "from"));
  MAITRED_ASSIGN(const auto to, time_field(args, "to"));
  const WallTime first = from.value_or(shop_.store().created());
  // Without an end to the end of what there is: a film read faster than it was taken is ahead of
  // the clock.
  WallTime last = to.value_or(actor.at + Milliseconds{1});
  if (last <= first) {
    return input_error("bad_usage",
                       "'to' must be later than 'from'; without them the report is of "
                       "everything");
  }
  const bool names = args.value("names", false);
  // Frames of a film may be older than the store.
  MAITRED_ASSIGN(const auto rows,
                 report_rows(shop_.store(), from ? first : WallTime{}, names, actor.at));
  if (!to) {
    for (const ReportRow& row : rows) last = std::max(last, row.start + Milliseconds{1});
  }
  WallTime start = first;
  if (!from) {
    for (const ReportRow& row : rows) start = std::min(start, row.start);
  }
  const Report report = make_report(rows, start, last);
  if (names) MAITRED_TRY(shop_.store().audit().append(actor, "report", "", "with names"));
  json object = report_json(report);
  if (args.value("html", false)) object["html"] = report_html(report);
  return object;
}

}  // namespace maitred
