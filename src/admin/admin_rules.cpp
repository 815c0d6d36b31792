// The rules of the shop, tried out.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "maitred/admin/admin.h"
#include "maitred/admin/admin_fields.h"
#include "maitred/shop/consent/consent.h"
#include "maitred/shop/visits/rules.h"

namespace maitred {
namespace {

using nlohmann::json;

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

Result<json> Admin::rule_list(const json&, const Actor&) {
  json rules = json::array();
  for (const AlertRule& rule : shop_.desk().rules()) {
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
          fmt::format("{:02}:{:02}-{:02}:{:02}", rule.quiet->from_min / 60,
                      rule.quiet->from_min % 60, rule.quiet->to_min / 60, rule.quiet->to_min % 60);
    }
    rules.push_back(std::move(object));
  }
  return json{{"rules", std::move(rules)}};
}

// What would be if the customer came in at that moment on a new visit. Nothing is written.
Result<json> Admin::rule_test(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const auto asked, time_field(args, "at"));
  MAITRED_ASSIGN(const std::string camera, text_field(args, "camera"));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  const WallTime at = asked.value_or(actor.at);
  json object = {
      {"id", id.value}, {"at", format_time(at)}, {"alert", nullptr}, {"rules", json::array()}};
  if (!may(customer.consent, Scope::kRecognition, at)) {
    object["reason"] = "the customer's consent has ended: nobody is recognised, and no rule asked";
    return object;
  }
  MAITRED_ASSIGN(const ArrivalContext context, shop_.desk().arrival_context(customer, at));
  const auto& rules = shop_.desk().rules();
  if (rules.empty()) {
    const Announcement said = announce(context.view, context.appointments, at, context.utc_offset);
    object["alert"] = rule_alert_json({said.reason, said.headline, {}, Priority::kNormal, {}});
    return object;
  }
  const auto judgements = judge_rules(rules, {context.view, context.appointments, camera, at,
                                              context.utc_offset, context.rule_uses});
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const RuleJudgement& judgement = judgements[i];
    object["rules"].push_back(
        {{"name", rules[i].name},
         {"verdict", word(judgement.verdict)},
         {"headline", judgement.alert ? json(judgement.alert->headline) : json(nullptr)}});
    if (judgement.verdict == RuleVerdict::kRaises) {
      object["alert"] = rule_alert_json(*judgement.alert);
    }
  }
  return object;
}

}  // namespace maitred
