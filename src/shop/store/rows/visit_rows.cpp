#include "visit_rows.h"

#include <fmt/format.h>

namespace maitred {
namespace {

// The seq is part of an alert's place, so that an older state of the alert does not open.
Place alert_place(const VisitId& visit, std::uint64_t seq) {
  return {"alerts", fmt::format("{}/{}", visit.value, seq)};
}

Status add_event(Vault& vault, const CustomerId& customer, const AlertEvent& event) {
  MAITRED_ASSIGN(const Bytes sealed,
                 vault.write_for(customer, {"alert_events", std::to_string(event.seq)}, event));
  return Query(vault.database(), "INSERT INTO alert_events VALUES (?1, ?2, ?3, ?4)", event.seq,
               event.visit.value, customer.value, sealed)
      .run();
}

}  // namespace

bool is_open(AlertState state) {
  return state == AlertState::kNew || state == AlertState::kEscalated ||
         state == AlertState::kClaimed;
}

Result<Visit> read_visit(Vault& vault, const VisitId& id) {
  Query row(vault.database(), "SELECT id, customer, open, sealed FROM visits WHERE id = ?1",
            id.value);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) {
    return input_error("unknown_visit", "there is no such visit: see maitredctl visits");
  }
  return read_visit_row(vault, row);
}

Result<Visit> read_visit_row(Vault& vault, const Query& row) {
  const std::string id = row.text(0);
  const CustomerId customer(row.text(1));
  MAITRED_ASSIGN(Visit visit, vault.read_for<Visit>(customer, {"visits", id}, row.blob(3)));
  const bool open = visit.outcome == Outcome::kOpen;
  if (visit.id.value != id || visit.customer != customer || open != (row.number(2) == 1)) {
    return vault.corrupt("visits", id);
  }
  return visit;
}

Status update_visit(Vault& vault, const Visit& visit) {
  MAITRED_ASSIGN(const Bytes sealed,
                 vault.write_for(visit.customer, {"visits", visit.id.value}, visit));
  return Query(vault.database(), "UPDATE visits SET open = ?2, sealed = ?3 WHERE id = ?1",
               visit.id.value, visit.outcome == Outcome::kOpen, sealed)
      .run();
}

Result<StoredAlert> read_alert_row(Vault& vault, const Query& row) {
  const VisitId visit(row.text(1));
  const Place place = alert_place(visit, row.count(0));
  MAITRED_ASSIGN(StoredAlert stored,
                 vault.read_for<StoredAlert>(CustomerId(row.text(2)), place, row.blob(4)));
  if (stored.alert.seq != row.count(0) || stored.alert.visit != visit ||
      is_open(stored.alert.state) != (row.number(3) == 1)) {
    return vault.corrupt(place.table, place.row);
  }
  return stored;
}

Result<AlertEvent> read_event_row(Vault& vault, const Query& row) {
  const Place place{"alert_events", std::to_string(row.count(0))};
  MAITRED_ASSIGN(AlertEvent event,
                 vault.read_for<AlertEvent>(CustomerId(row.text(2)), place, row.blob(3)));
  if (event.visit.value != row.text(1)) return vault.corrupt(place.table, place.row);
  return event;
}

Result<Feedback> read_feedback_row(Vault& vault, const Query& row) {
  const Place place{"feedback", fmt::format("{}/{}", row.text(0), row.count(1))};
  return vault.read_for<Feedback>(CustomerId(row.text(2)), place, row.blob(3));
}

Result<StoredAlert> put_alert(Vault& vault, StoredAlert stored, const Actor& actor) {
  Alert& alert = stored.alert;
  const CustomerId& customer = alert.customer.id;
  alert.seq = ++vault.ledger().last_seq;
  MAITRED_ASSIGN(const Bytes sealed,
                 vault.write_for(customer, alert_place(alert.visit, alert.seq), stored));
  MAITRED_TRY(Query(vault.database(),
                    "INSERT INTO alerts VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (visit) "
                    "DO UPDATE SET seq = ?1, open = ?4, sealed = ?5",
                    alert.seq, alert.visit.value, customer.value, is_open(alert.state), sealed)
                  .run());
  MAITRED_TRY(
      add_event(vault, customer, {alert.seq, alert.visit, alert.state, actor.at, alert.by}));
  MAITRED_TRY(AuditChain(vault).append(actor, "alert", alert.visit.value,
                                       fmt::format("seq {} {}", alert.seq, word(alert.state))));
  return stored;
}

}  // namespace maitred
