#include "withdrawal.h"

#include <utility>

#include "customer_faces.h"
#include "customer_rows.h"
#include "maitred/base/check.h"
#include "src/shop/store/integrity/erasure_list.h"
#include "visit_rows.h"

namespace maitred {
namespace {

Result<std::vector<StoredAlert>> end_visits_and_alerts(Vault& vault, const CustomerId& id,
                                                       const Actor& actor) {
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

}  // namespace

Result<std::vector<StoredAlert>> withdraw_consent(Vault& vault, const CustomerId& id,
                                                  Consent newest, WallTime at, const Actor& actor,
                                                  std::string_view detail) {
  MAITRED_CHECK(vault.in_transaction() && !newest.withdrawn.has_value());
  newest.withdrawn = at;
  MAITRED_TRY(add_consent(vault, id, newest));
  MAITRED_TRY(AuditChain(vault).append(actor, "consent", id.value, detail));
  // A restore of an older backup must not bring the consent back to life.
  MAITRED_TRY(note_withdrawal(vault, id, at));
  MAITRED_TRY(delete_photos(vault, id));
  return end_visits_and_alerts(vault, id, actor);
}

}  // namespace maitred
