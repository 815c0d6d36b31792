// Matches to visits, visits to alerts, and an alert's life.
//
//   new -> escalated 1 (all staff) -> escalated 2 (managers) -> expired
//     \________________\_______________\-> claimed -> closed | expired
//      \________________\_______________\-> closed          (withdrawn from any of these)
//
// Plan, commit, apply: the const functions only say what would change; the caller writes that to
// the store in one transaction and then calls apply() with it. If the commit fails, nothing has
// happened. Between a plan and its apply no other change may be applied.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/visits/alert_rules.h"
#include "maitred/types/ids.h"
#include "maitred/types/visit.h"

namespace maitred {

struct VisitRules {
  Milliseconds cooldown = std::chrono::hours{4};
  Milliseconds alert_ttl = std::chrono::minutes{10};
  std::vector<Milliseconds> escalate = {std::chrono::seconds{20}, std::chrono::seconds{60}};
  Milliseconds claim_ttl = std::chrono::hours{4};  // a claimed alert that nobody closes expires
  double holdout = 0.0;                            // share of customers without alerts
  std::vector<AlertRule> alert_rules{};            // without any, every arrival alerts (rules.h)
};

// What the store knows of the customer who was matched.
struct ArrivalContext {
  VisitId fresh_id;   // for a new visit: random_id(12)
  CustomerView view;  // within the consent scopes
  std::vector<Appointment> appointments;
  double holdout_draw = 1.0;         // stable for this customer, 0 <= draw < 1: a keyed hash of
                                     // the id. Below VisitRules::holdout: no alerts
  std::vector<RuleUse> rule_uses{};  // alerts that rules raised for this customer before
  Milliseconds utc_offset{0};        // of the shop's clock
};

struct NewVisit {
  Visit visit;
  std::optional<Alert> alert;  // without seq, which the store gives; none for a holdout, and
                               // none when no rule raises one
};
struct ExtendedVisit {
  VisitId visit;
  WallTime end{};  // not earlier than it was
};
using ArrivalPlan = std::variant<NewVisit, ExtendedVisit>;

// The alert of `visit` becomes this. All that changes stands here, so that a store can write it
// over the Alert and the Visit it holds.
struct AlertChange {
  VisitId visit;
  CustomerId customer;
  AlertState state = AlertState::kNew;
  WallTime at{};  // of the change; the alert's own `at` stays
  WallTime expires{};
  int escalation = 0;
  std::string by;                    // who claimed, or closed it; may be empty
  Outcome outcome = Outcome::kOpen;  // of the visit
  std::string note;                  // of the close
};

// Answer to a claim. ok with no change: it was this person's already.
struct ClaimPlan {
  bool ok = false;
  std::string by;  // who has it
  std::optional<AlertChange> change;
};

// Knows the newest visit of each customer and every visit whose alert is open; only ids, times and
// states, nothing that an alert says. All times are of the pipeline's clock (frame times; the
// present when there is none), which several cameras may bring slightly out of order.
// Thread-compatible, pure state.
class VisitBook {
 public:
  explicit VisitBook(VisitRules rules);

  // What the store holds at start: the newest visit of each customer and any visit whose alert is
  // open, newest first in the order of being written, and those alerts. More visits do no harm.
  // Escalation and expiry go on as if there had been no stop. Replaces everything.
  void restore(std::span<const Visit> visits, std::span<const Alert> open_alerts);

  // A customer was recognised. It is the same visit when `match.at` is no more than `cooldown` away
  // from it, before or after: one alert a visit. A visit closed as wrong_person says nothing about
  // where the customer is: for it the cooldown is at most alert_ttl, enough for whoever was
  // mistaken to leave.
  ArrivalPlan plan_arrival(const Match& match, const ArrivalContext& context) const;
  void apply(const ArrivalPlan& plan);

  // The customer of a decided track is still in view. Nothing when no visit is on, or it would not
  // become longer.
  std::optional<ExtendedVisit> plan_seen(const CustomerId& customer, WallTime at) const;

  // First wins. Errors, all kInput: unknown_visit; not_open (closed, expired, withdrawn, or a visit
  // without an alert); no_name (empty `by`).
  Result<ClaimPlan> plan_claim(const VisitId& visit, const std::string& by, WallTime now) const;

  // By anyone, claimed or not. Errors, all kInput: unknown_visit; already_closed; not_open
  // (expired, withdrawn, no alert); bad_outcome (other than the four of the staff protocol).
  Result<AlertChange> plan_close(const VisitId& visit, Outcome outcome, const std::string& note,
                                 const std::string& by, WallTime now) const;

  // Escalations and expiries whose time has come, in the order of their deadlines. An alert that
  // missed several goes to the last at once.
  std::vector<AlertChange> due(WallTime now) const;
  // When due() next has something to say; nothing when no alert is open. May lie in the past.
  std::optional<WallTime> next_deadline() const;

  // The customer withdrew consent: all open alerts go.
  std::vector<AlertChange> plan_withdraw(const CustomerId& customer, WallTime now) const;

  void apply(const AlertChange& change);

  // Erased: no trace of the customer is kept. Withdraw first.
  void forget(const CustomerId& customer);

  std::size_t open_alerts() const;
  // For what comes; visits and alerts that are open keep their ends.
  void set_rules(VisitRules rules) { rules_ = std::move(rules); }
  const VisitRules& rules() const { return rules_; }

 private:
  struct OpenAlert {
    AlertState state = AlertState::kNew;
    WallTime at{};
    WallTime expires{};
    int escalation = 0;
    std::string by;
  };
  struct Entry {
    CustomerId customer;
    WallTime start{};
    WallTime end{};
    Outcome outcome = Outcome::kOpen;
    std::optional<OpenAlert> alert;
  };
  using Entries = std::map<VisitId, Entry>;

  const Entry* current(const CustomerId& customer, WallTime at, VisitId& id) const;
  Result<const Entry*> find(const VisitId& visit) const;
  WallTime deadline(const OpenAlert& alert) const;
  int level_at(const OpenAlert& alert, WallTime now) const;
  void add(const VisitId& id, Entry entry);

  VisitRules rules_;
  Entries entries_;
  std::map<CustomerId, VisitId> newest_;
};

}  // namespace maitred
