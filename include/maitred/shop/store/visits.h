// Visits, their alerts, and the feedback on them.
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

// An alert with its deadline for escalation, which is not on the wire. `alert.expires` is the
// deadline for expiry.
struct StoredAlert {
  Alert alert;
  std::optional<WallTime> escalates;  // when it goes to the next level, if a level is left
};

// A visit that begins, with its alert; a holdout has none.
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

// A visit and its row number. Later visits have greater numbers; a number may be used again after
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

// One change of an alert's state.
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

// Decides inside the transaction whether the customer, as stored, may be alerted about.
using Recheck = std::function<bool(const Customer&)>;

// Everything is sealed under the customer's key, so it is erased with the customer. `seq` grows
// through the life of the store, over restarts and over the erasure of alerts. Errors of every
// call: store_corrupt, store_failed, unknown_customer, unknown_visit (kInput). Thread-compatible;
// part of a Store, which must outlive it.
class Visits {
 public:
  explicit Visits(Vault& vault) : vault_(vault) {}

  // In one transaction: reads the customer, asks `recheck`, and writes the visit, the customer's
  // last visit, and the alert with the next seq. It is on disk on return; only then may the alert
  // be sent. The returned alert, if there is one, has its seq. Errors: consent_missing (kNo) if
  // `recheck` returns false, and then nothing is written; visit_exists (kInput).
  Result<std::optional<StoredAlert>> commit_arrival(const Arrival& arrival, const Recheck& recheck,
                                                    const Actor& actor);

  // Writes a new state of an alert, found by its visit, and of the visit if given, in one
  // transaction. The returned alert has the new seq. Error: unknown_alert (kInput).
  Result<StoredAlert> commit_alert_change(const StoredAlert& changed,
                                          const std::optional<Visit>& visit, const Actor& actor);

  // Extends a visit whose customer is still there; `end` only moves forward. Writes no audit row.
  Status touch(const VisitId& id, WallTime end);
  // Error: field_invalid.
  Status add_feedback(const Feedback& feedback, const Actor& actor);

  Result<Visit> find(const VisitId& id) const;
  // Newest first, by the order in which they were written.
  Result<std::vector<Visit>> list(const VisitQuery& query) const;
  // Visits after this row, in the order in which they were written.
  Result<std::vector<VisitRow>> written_after(std::uint64_t row, std::size_t limit) const;
  Result<std::uint64_t> newest_row() const;  // 0 if there is none
  // The customer's visit that ended last; for the cooldown.
  Result<std::optional<Visit>> newest(const CustomerId& customer) const;

  Result<StoredAlert> alert(const VisitId& visit) const;
  // Ordered by seq.
  Result<std::vector<StoredAlert>> alerts(const AlertQuery& query) const;
  // The open alerts with a greater seq, which a client that resumes gets first.
  Result<std::vector<StoredAlert>> open_alerts(std::uint64_t after = 0) const;
  // The events of one visit, or of all, ordered by seq.
  Result<std::vector<AlertEvent>> events(const std::optional<VisitId>& visit = {}) const;
  // The first `limit` events with a greater seq, ordered by seq.
  Result<std::vector<AlertEvent>> events_after(std::uint64_t seq, std::size_t limit) const;
  Result<std::vector<Feedback>> feedback(const std::optional<VisitId>& visit = {}) const;
  // Takes the next seq, for a message about an alert that the store no longer holds. It is on disk
  // on return.
  Result<std::uint64_t> take_seq();
  // The newest seq that was ever taken; 0 if there was none.
  std::uint64_t last_seq() const;

 private:
  Vault& vault_;
};

}  // namespace maitred
