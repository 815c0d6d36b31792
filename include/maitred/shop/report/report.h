// Figures about visits, alerts and answers for a manager, and a page that shows them. Pure.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/shop/report/statistics.h"
#include "maitred/types/visit.h"

namespace maitred {

// One visit and its outcome. Times are those of the alert's events.
struct ReportRow {
  std::string visit;
  std::string customer;
  std::string name;  // empty unless names were asked for
  std::string camera;
  WallTime start{};
  Outcome outcome = Outcome::kOpen;
  bool holdout = false;
  std::optional<WallTime> alerted;
  std::optional<WallTime> claimed;
  std::optional<WallTime> closed;
  std::optional<int> rating;  // 0 to 10, the newest
};

struct ResponseTimes {  // seconds
  std::size_t count = 0;
  std::optional<double> median_s;
  std::optional<double> p95_s;
};

// One arm of the experiment. A mean of fewer than two answers is absent.
struct ReportArm {
  std::size_t visits = 0;
  std::size_t customers = 0;
  std::vector<double> ratings;
  std::optional<Interval> mean_rating;
  std::optional<Interval> nps;  // -100 to 100: share of 9 and 10 minus share of 0 to 6
};

struct CameraFigures {
  std::size_t visits = 0;
  std::size_t alerts = 0;
  std::size_t served = 0;
  std::size_t wrong_person = 0;
  ResponseTimes to_claim;
};

struct CustomerFigures {
  std::string name;
  std::size_t visits = 0;
};

struct Report {
  WallTime from{};  // bounds of the visits' start; excludes `to`
  WallTime to{};
  std::size_t visits = 0;
  std::size_t customers = 0;
  std::size_t alerts = 0;
  std::size_t claimed = 0;
  ResponseTimes to_claim;  // from the alert to the claim
  ResponseTimes to_serve;  // from the alert to "served"
  std::vector<double> claim_times_s;
  std::map<std::string, std::size_t> outcomes;  // of visits with an alert
  std::size_t answered = 0;  // closed by staff: served, declined, wrong person or not found
  std::optional<Interval> wrong_person_rate;
  ReportArm with_alerts;
  ReportArm holdout;
  std::optional<Interval> rating_gain;        // mean rating with alerts minus mean without
  double effect = 0.5;                        // the gain that answers_needed refers to, in points
  std::optional<std::size_t> answers_needed;  // of each arm
  std::optional<std::size_t> answers_still_needed;  // of the smaller arm
  std::array<std::size_t, 24> by_hour{};            // visits by their hour, UTC
  std::map<std::string, CameraFigures> cameras;
  std::vector<CustomerFigures> by_name;  // most visits first; only of rows with a name
};

// Reports on the visits that began within [from, to).
Report make_report(const std::vector<ReportRow>& rows, WallTime from, WallTime to);

// The report as one page (base/html.h): tables, and plots as SVG.
std::string report_html(const Report& report);

}  // namespace maitred
