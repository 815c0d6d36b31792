// Verb: what happened, in figures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"
#include "maitred/shop/report/report.h"

namespace maitred {

nlohmann::json json_of(const Interval& interval);
nlohmann::json json_of(const ResponseTimes& times);
nlohmann::json json_of(const ReportArm& arm);
nlohmann::json json_of(const CustomerFigures& figures);
nlohmann::json cameras_json(const Report& report);

namespace verbs {

struct ReportArgs {
  std::optional<WallTime> from, to;  // none: from the beginning, to the end of what there is
  bool names = false;
  bool html = false;

  static void describe(auto& fields, auto& it) {
    fields.optional("from", it.from);
    fields.optional("to", it.to);
    fields.optional("names", it.names);
    fields.optional("html", it.html);
  }
};

struct ReportAnswer {
  Report report;
  std::optional<std::string> html;

  static void describe(auto& fields, auto& it) {
    fields.needed("from", it.report.from);
    fields.needed("to", it.report.to);
    fields.needed("visits", it.report.visits);
    fields.needed("customers", it.report.customers);
    fields.needed("alerts", it.report.alerts);
    fields.needed("claimed", it.report.claimed);
    fields.needed("to_claim", it.report.to_claim);
    fields.needed("to_serve", it.report.to_serve);
    fields.needed("outcomes", nlohmann::json(it.report.outcomes));
    fields.needed("answered", it.report.answered);
    fields.needed("wrong_person_rate", it.report.wrong_person_rate);
    fields.needed("arms", nlohmann::json{{"alerts", json_of(it.report.with_alerts)},
                                         {"holdout", json_of(it.report.holdout)}});
    fields.needed("rating_gain", it.report.rating_gain);
    fields.needed("effect", it.report.effect);
    fields.needed("answers_needed", it.report.answers_needed);
    fields.needed("answers_still_needed", it.report.answers_still_needed);
    fields.needed("by_hour_utc", nlohmann::json(it.report.by_hour));
    fields.needed("cameras", cameras_json(it.report));
    if (!it.report.by_name.empty()) fields.needed("by_name", it.report.by_name);
    fields.if_any("html", it.html);
  }
};

// Error: bad_usage (kInput) if `to` is not later than `from`.
Result<ReportAnswer> report(Shop& shop, const ReportArgs& args, const Actor& actor);

std::vector<Verb> report_verbs();

}  // namespace verbs
}  // namespace maitred
