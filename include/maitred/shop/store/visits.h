// Visits, the alerts they raise, and what came of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"
#include "maitred/types/customer.h"
#include "maitred/types/ids.h"
#include "maitred/types/visit.h"

namespace maitred {

class Vault;

// An alert and the deadline that is not on the wire. `alert.expires` is the other one.
struct StoredAlert {
  Alert alert;
  std::optional<WallTime> escalates;  // when it goes to the next level, if there is one
};

// A visit that begins, with the alert it raises; none while it is held out or cooling down.
struct Arrival {
  Visit visit;
  std::optional<StoredAlert> alert;
};

struct VisitQuery {
  std::optional<CustomerId> customer;
  std::optional<WallTime> since;  // began at or after
  bool only_open = false;         // outcome still kOpen
  std::size_t limit = 0;          // 0: all
};

// A visit and the number of its row: later ones have greater numbers. A number may come again after
// its visit was erased.
struct VisitRow {
  std::uint64_t row = 0;
  Visit visit;
};

struct AlertQuery {
  std::uint64_t after = 0;  // seq greater than
  bool only_open = false;   // new, escalated or claimed
  std::optional<CustomerId> customer;
  std::optional<WallTime> since;  // raised at or after
  std::size_t limit = 0;          // the newest ones; 0: all
};

// One change of an alert's state; the history of it.
struct AlertEvent {
  std::uint64_t seq = 0;
  VisitId visit;
  AlertState state = AlertState::kNew;
  WallTime at{};
  std::string by;
};

struct Feedback {
  VisitId visit;
  int rating = 0;  // 0 to 10
  std::string comment;
  WallTime at{};
};

// Decides inside the transaction, from the customer as the store holds it.
using Recheck = std::function<bool(const Customer&)>;

// Sealed under the customer's key, so all of it goes when the customer is forgotten. `seq` grows
// through the life of the store: over restarts, and over the erasure of alerts.
// Errors of every call: store_corrupt, store_failed, unknown_customer, unknown_visit (kInput).
// Thread-compatible; part of a Store and not to outlive it.
class Visits {
 public:
  explicit Visits(Vault& vault) : vault_(vault) {}

  // In one transaction: reads the customer, asks `recheck`, writes the visit and the customer's
  // last visit, and the alert with the next seq. On disk when it returns; only then may the alert
  // be sent. The returned alert, if there is one, carries its seq.
  // Errors: consent_missing (kNo) when `recheck` says no, and nothing is written;
  // visit_exists (kInput).
  Result<std::optional<StoredAlert>> commit_arrival(const Arrival& arrival, const Recheck& recheck,
                                                    const Actor& actor);

  // A new state of an alert, found by its visit, and of the visit if given, in one transaction.
  // The returned alert carries the new seq. Error: unknown_alert (kInput).
  Result<StoredAlert> commit_alert_change(const StoredAlert& changed,
                                          const std::optional<Visit>& visit, const Actor& actor);

  // The customer is still there; `end` only moves forward. No audit row.
  Status touch(const VisitId& id, WallTime end);
  // For visits without an alert, or when staff correct one.
  Status set_outcome(const VisitId& id, Outcome outcome, const std::string& note,
                     const Actor& actor);
  // Error: field_invalid.
  Status add_feedback(const Feedback& feedback, const Actor& actor);

  Result<Visit> find(const VisitId& id) const;
  // Newest first, in order of being written.
  Result<std::vector<Visit>> list(const VisitQuery& query) const;
  // In order of being written, beyond that row.
  Result<std::vector<VisitRow>> written_after(std::uint64_t row, std::size_t limit) const;
  Result<std::uint64_t> newest_row() const;  // 0: there is none
  // The one that ended last; for the cooldown.
  Result<std::optional<Visit>> newest(const CustomerId& customer) const;

  Result<StoredAlert> alert(const VisitId& visit) const;
  // By growing seq.
  Result<std::vector<StoredAlert>> alerts(const AlertQuery& query) const;
  // `alerts` with only_open: what a client that resumes gets first.
  Result<std::vector<StoredAlert>> open_alerts(std::uint64_t after = 0) const;
  // By growing seq; of one visit, or all.
  Result<std::vector<AlertEvent>> events(const std::optional<VisitId>& visit = {}) const;
  // Of all, those with a greater seq, at most `limit`, by growing seq.
  Result<std::vector<AlertEvent>> events_after(std::uint64_t seq, std::size_t limit) const;
  Result<std::vector<Feedback>> feedback(const std::optional<VisitId>& visit = {}) const;
  // For a message about an alert that the store does not hold any more; on disk when it returns.
  Result<std::uint64_t> take_seq();
  // The newest seq ever given out; 0 when there was none.
  std::uint64_t last_seq() const;

 private:
  Vault& vault_;
};

}  // namespace maitred
