#include "maitred/admin/rules.h"

#include <fmt/format.h>

#include "maitred/shop/consent/consent.h"
#include "maitred/shop/visits/rules.h"

namespace maitred {

using nlohmann::json;

namespace {

json audience_json(const Audience& audience) {
  json object = json::object();
  if (!audience.skill.empty()) object["skill"] = audience.skill;
  if (!audience.zone.empty()) object["zone"] = audience.zone;
  if (audience.managers) object["managers"] = true;
  return object;
}

json rule_alert_json(const RuleAlert& alert) {
  return {{"rule", alert.rule},
          {"reason", word(alert.reason)},
          {"headline", alert.headline},
          {"priority", word(alert.priority)},
          {"for", audience_json(alert.audience)}};
}

}  // namespace

json json_of(const AlertRule& rule) {
  json object = {{"name", rule.name},
                 {"when", word(rule.when)},
                 {"headline", rule.headline},
                 {"priority", word(rule.priority)},
                 {"for", audience_json(rule.audience)},
                 {"snooze", format_duration(rule.snooze)}};
  if (rule.when == RuleWhen::kAppointment) object["within"] = format_duration(rule.within);
  if (rule.when == RuleWhen::kTier) object["tier"] = rule.tier;
  if (rule.quiet) {
    object["quiet"] =
        fmt::format("{:02}:{:02}-{:02}:{:02}", rule.quiet->from_min / 60, rule.quiet->from_min % 60,
                    rule.quiet->to_min / 60, rule.quiet->to_min % 60);
  }
  return object;
}

namespace verbs {

Result<RuleListAnswer> rule_list(Shop& shop, const NoArgs&, const Actor&) {
  const auto& rules = shop.desk().rules();
  return RuleListAnswer{{rules.begin(), rules.end()}};
}

Result<RuleTestAnswer> rule_test(Shop& shop, const RuleTestArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const Customer customer, shop.store().customers().find(args.id));
  RuleTestAnswer answer;
  answer.id = args.id;
  answer.at = args.at.value_or(actor.at);
  if (!may(customer.consent, Scope::kRecognition, answer.at)) {
    answer.reason = "the customer's consent has ended: nobody is recognised, and no rule is asked";
    return answer;
  }
  MAITRED_ASSIGN(const ArrivalContext context, shop.desk().arrival_context(customer, answer.at));
  const auto& rules = shop.desk().rules();
  if (rules.empty()) {
    const Announcement said =
        announce(context.view, context.appointments, answer.at, context.utc_offset);
    answer.alert = rule_alert_json({said.reason, said.headline, {}, Priority::kNormal, {}});
    return answer;
  }
  const auto judgements = judge_rules(rules, {context.view, context.appointments, args.camera,
                                              answer.at, context.utc_offset, context.rule_uses});
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const RuleJudgement& judgement = judgements[i];
    auto& row = answer.rules.emplace_back();
    row.name = rules[i].name;
    row.verdict = word(judgement.verdict);
    if (judgement.alert) row.headline = judgement.alert->headline;
    if (judgement.verdict == RuleVerdict::kRaises) answer.alert = rule_alert_json(*judgement.alert);
  }
  return answer;
}

std::vector<Verb> rule_verbs() {
  return {at_once<NoArgs>("rule_list", rule_list), at_once<RuleTestArgs>("rule_test", rule_test)};
}

}  // namespace verbs
}  // namespace maitred
