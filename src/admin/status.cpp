#include "maitred/admin/status.h"

namespace maitred::verbs {

Result<StatusAnswer> status(Shop& shop, const NoArgs&, const Actor& actor) {
  MAITRED_ASSIGN(const Recognition* recognition, shop.recognition());
  const DecisionPolicy& policy = recognition->policy();
  StatusAnswer answer;
  answer.engine = recognition->engine();
  MAITRED_ASSIGN(answer.customers, shop.store().customers().count());
  answer.matchable = recognition->customers();
  answer.threshold = policy.threshold().value;
  answer.expected_false_alerts_per_1000 = policy.expected_false_alerts_per_1000();
  answer.expected_miss_rate = policy.expected_miss_rate();
  answer.retention = {format_duration(shop.settings().visits.retention), shop.last_retention()};
  answer.last_backup = shop.last_backup();
  answer.key_rotation = shop.store().keys().rotating() ? "under way" : "none";
  MAITRED_ASSIGN(const AlertTarget target, shop.alert_target());
  answer.vigilance = shop.vigilance().report(target, recognition->cautious(), actor.at);
  return answer;
}

std::vector<Verb> status_verbs() { return {at_once<NoArgs>("status", status)}; }

}  // namespace maitred::verbs
