// Reads and writes the rows of visits and alerts; shared by the parts of the store.
#pragma once

#include "maitred/base/result.h"
#include "maitred/shop/store/visits.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

bool is_open(AlertState state);

// Error: unknown_visit.
Result<Visit> read_visit(Vault& vault, const VisitId& id);
// Reads a row of: id, customer, open, sealed.
Result<Visit> read_visit_row(Vault& vault, const Query& row);
Status update_visit(Vault& vault, const Visit& visit);

// Reads a row of: seq, visit, customer, open, sealed.
Result<StoredAlert> read_alert_row(Vault& vault, const Query& row);

// Reads a row of: seq, visit, customer, sealed.
Result<AlertEvent> read_event_row(Vault& vault, const Query& row);
// Reads a row of: visit, number, customer, sealed.
Result<Feedback> read_feedback_row(Vault& vault, const Query& row);

// Assigns the alert the next seq and writes it, with the event and the audit row. It replaces the
// visit's older alert if there is one. Requires a transaction.
Result<StoredAlert> put_alert(Vault& vault, StoredAlert alert, const Actor& actor);

}  // namespace maitred
