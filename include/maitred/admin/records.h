// Verbs: what happened. Visits, alerts, answers of customers, the audit chain.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct VisitsArgs {
  std::optional<WallTime> since;
  CustomerId id;  // empty: of all customers

  static void describe(auto& fields, auto& it) {
    fields.optional("since", it.since);
    fields.optional("id", it.id);
  }
};

struct VisitsAnswer {
  struct Row {
    nlohmann::json visit;  // admin_visit
    bool feedback_due = false;

    static void describe(auto& fields, auto& it) {
      fields.all_of(it.visit);
      fields.needed("feedback_due", it.feedback_due);
    }
  };
  std::vector<Row> visits;

  static void describe(auto& fields, auto& it) { fields.needed("visits", it.visits); }
};

struct AlertsArgs {
  std::optional<WallTime> since;
  bool open = false;

  static void describe(auto& fields, auto& it) {
    fields.optional("since", it.since);
    fields.optional("open", it.open);
  }
};

struct AlertsAnswer {
  std::vector<nlohmann::json> alerts;  // as on the wire

  static void describe(auto& fields, auto& it) { fields.needed("alerts", it.alerts); }
};

struct FeedbackArgs {
  VisitId visit;
  int rating = 0;  // 0 to 10
  std::string comment;

  static void describe(auto& fields, auto& it) {
    fields.needed("visit", it.visit);
    fields.needed("rating", it.rating);
    fields.optional("comment", it.comment);
  }
};

struct FeedbackAnswer {
  VisitId visit;
  int rating = 0;

  static void describe(auto& fields, auto& it) {
    fields.needed("visit", it.visit);
    fields.needed("rating", it.rating);
  }
};

struct AuditArgs {
  std::size_t limit = 0;  // the newest so many; 0: all

  static void describe(auto& fields, auto& it) { fields.optional("limit", it.limit); }
};

struct AuditAnswer {
  struct Row {
    std::uint64_t row = 0;
    WallTime at{};
    std::string actor, action, subject, detail;

    static void describe(auto& fields, auto& it) {
      fields.needed("row", it.row);
      fields.needed("at", it.at);
      fields.needed("actor", it.actor);
      fields.needed("action", it.action);
      fields.needed("subject", it.subject);
      fields.needed("detail", it.detail);
    }
  };
  std::vector<Row> audit;

  static void describe(auto& fields, auto& it) { fields.needed("audit", it.audit); }
};

struct AuditVerifyAnswer {
  bool ok = true;
  std::uint64_t rows = 0;

  static void describe(auto& fields, auto& it) {
    fields.needed("ok", it.ok);
    fields.needed("rows", it.rows);
  }
};

Result<VisitsAnswer> visits(Shop& shop, const VisitsArgs& args, const Actor& actor);
Result<AlertsAnswer> alerts(Shop& shop, const AlertsArgs& args, const Actor& actor);
// Errors: scope_missing, unknown_visit (kInput); those of Visits::add_feedback.
Result<FeedbackAnswer> feedback(Shop& shop, const FeedbackArgs& args, const Actor& actor);
Result<AuditAnswer> audit(Shop& shop, const AuditArgs& args, const Actor& actor);
// Errors: audit_broken (kNo), store_corrupt (kEnvironment).
Result<AuditVerifyAnswer> audit_verify(Shop& shop, const NoArgs& args, const Actor& actor);

std::vector<Verb> record_verbs();

}  // namespace maitred::verbs
