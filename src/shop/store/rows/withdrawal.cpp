#include "withdrawal.h"

#include <utility>

#include "customer_faces.h"
#include "visit_rows.h"

namespace maitred {

Result<std::vector<StoredAlert>> end_as_withdrawn(Vault& vault, const CustomerId& id,
                                                  const Actor& actor) {
  MAITRED_TRY(delete_photos(vault, id));
  const Visits visits(vault);
  VisitQuery begun;
  begun.customer = id;
  begun.only_open = true;
  MAITRED_ASSIGN(std::vector<Visit> open_visits, visits.list(begun));
  for (Visit& visit : open_visits) {
    visit.outcome = Outcome::kWithdrawn;
    MAITRED_TRY(update_visit(vault, visit));
  }
  AlertQuery raised;
  raised.customer = id;
  raised.only_open = true;
  MAITRED_ASSIGN(std::vector<StoredAlert> open_alerts, visits.alerts(raised));
  for (StoredAlert& stored : open_alerts) {
    stored.alert.state = AlertState::kWithdrawn;
    stored.escalates.reset();
    MAITRED_ASSIGN(stored, put_alert(vault, std::move(stored), actor));
  }
  return open_alerts;
}

}  // namespace maitred
