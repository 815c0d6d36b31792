// Turns matches into visits and visits into alerts, and runs the life of an alert.
//
//   new -> escalated 1 (all staff) -> escalated 2 (managers) -> expired
//     \________________\_______________\-> claimed -> closed | expired
//      \________________\_______________\-> closed          (withdrawn from any of these)
//
// Plan, commit, apply: the const functions only return what would change. The caller writes it to
// the store in one transaction, then calls apply() with it. If the commit fails, nothing has
// changed. No other change may be applied between a plan and its apply.
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
  std::vector<AlertRule> alert_rules{};            // if empty, every arrival alerts (rules.h)
};

// The facts of the store about the customer who was matched.
struct ArrivalContext {
  VisitId fresh_id;   // for a new visit: random_id(12)
  CustomerView view;  // within the consent scopes
  std::vector<Appointment> appointments;
  double holdout_draw = 1.0;         // a keyed hash of the id, 0 <= draw < 1, so it is stable for a
                                     // customer; below VisitRules::holdout there are no alerts
  std::vector<RuleUse> rule_uses{};  // earlier alerts that rules raised for this customer
  Milliseconds utc_offset{0};        // of the shop's clock
};

struct NewVisit {
  Visit visit;
  std::optional<Alert> alert;  // without seq, which the store assigns; none for a holdout or if no
                               // rule raises one
};
struct ExtendedVisit {
  VisitId visit;
  WallTime end{};  // not earlier than it was
};
using ArrivalPlan = std::variant<NewVisit, ExtendedVisit>;

// The new state of the alert of `visit`. It holds everything that changes, so a store can write it
// over its Alert and Visit.
struct AlertChange {
  VisitId visit;
  CustomerId customer;
  AlertState state = AlertState::kNew;
  WallTime at{};  // of the change; the alert's own `at` stays
  WallTime expires{};
  int escalation = 0;
  std::string by;                    // name of who claimed or closed it; may be empty
  Outcome outcome = Outcome::kOpen;  // of the visit
  std::string note;                  // given with the close
};

// Answer to a claim. If ok has no change, this person had claimed it already.
struct ClaimPlan {
  bool ok = false;
  std::string by;  // name of who has it
  std::optional<AlertChange> change;
};

// Holds the newest visit of each customer and every visit whose alert is open: ids, times and
// states, nothing that an alert says. All times are those of frames, or the present where there is
// no frame. Times of several cameras may arrive slightly out of order. Thread-compatible, pure
// state.
class VisitBook {
 public:
  explicit VisitBook(VisitRules rules);

  // Replaces everything by what the store holds at start: the newest visit of each customer, each
  // visit whose alert is open, and those alerts. Visits come newest first, in the order in which
  // they were written; more visits do no harm. Escalation and expiry continue as if nothing had
  // stopped.
  void restore(std::span<const Visit> visits, std::span<const Alert> open_alerts);

  // Plans the arrival of a recognised customer. It belongs to the present visit if `match.at` is no
  // more than `cooldown` away from it, before or after: there is one alert a visit. A visit closed
  // as wrong_person does not tell where the customer is. Its cooldown is therefore at most
  // alert_ttl, long enough for the mistaken person to leave.
  ArrivalPlan plan_arrival(const Match& match, const ArrivalContext& context) const;
  void apply(const ArrivalPlan& plan);

  // Plans a longer visit for a customer who is still in view. Returns nothing if there is no
  // present visit, or if it would not become longer.
  std::optional<ExtendedVisit> plan_seen(const CustomerId& customer, WallTime at) const;

  // The first claim wins. Errors, all kInput: unknown_visit; not_open (closed, expired, withdrawn,
  // or a visit without an alert); no_name (empty `by`).
  Result<ClaimPlan> plan_claim(const VisitId& visit, const std::string& by, WallTime now) const;

  // Anyone may close an alert, claimed or not. Errors, all kInput: unknown_visit; already_closed;
  // not_open (expired, withdrawn, no alert); bad_outcome (other than the four of the staff
  // protocol).
  Result<AlertChange> plan_close(const VisitId& visit, Outcome outcome, const std::string& note,
                                 const std::string& by, WallTime now) const;

  // Escalations and expiries that are due, in the order of their deadlines. An alert that missed
  // several levels goes to the last of them at once.
  std::vector<AlertChange> due(WallTime now) const;
  // The next time at which due() is not empty, which may lie in the past; nothing if no alert is
  // open.
  std::optional<WallTime> next_deadline() const;

  // Plans the end of all open alerts of a customer who withdrew consent.
  std::vector<AlertChange> plan_withdraw(const CustomerId& customer, WallTime now) const;

  void apply(const AlertChange& change);

  // Removes every trace of an erased customer. Requires that open alerts were withdrawn.
  void forget(const CustomerId& customer);

  std::size_t open_alerts() const;
  // Takes over rules for visits to come; open visits and alerts keep their deadlines.
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
