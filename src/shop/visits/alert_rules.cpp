#include "maitred/shop/visits/alert_rules.h"

#include <algorithm>

#include "headlines.h"
#include "maitred/shop/visits/rules.h"

namespace maitred {
namespace {

Reason reason_of(RuleWhen when) {
  switch (when) {
    case RuleWhen::kAsk:
    case RuleWhen::kOutOfStock:
      return Reason::kAsk;
    case RuleWhen::kAppointment:
      return Reason::kAppointment;
    case RuleWhen::kTier:
      return Reason::kLoyalty;
    case RuleWhen::kArrival:
      return Reason::kArrival;
  }
  return Reason::kArrival;
}

// The parts of one customer's facts that rules use; found once for all rules.
struct Findings {
  explicit Findings(const RuleFacts& given)
      : facts(given),
        ask(chosen_ask(given.customer)),
        missed(missed_purchase(given.customer)),
        appointment(nearest_appointment(given.appointments, given.now)) {}

  const RuleFacts& facts;
  const ChosenAsk ask;
  const Purchase* const missed;
  const Appointment* const appointment;
};

bool applies(const AlertRule& rule, const Findings& found) {
  const CustomerView& customer = found.facts.customer;
  switch (rule.when) {
    case RuleWhen::kAsk:
      return found.ask.ask != nullptr;
    case RuleWhen::kOutOfStock:
      return found.missed != nullptr;
    case RuleWhen::kAppointment:
      return found.appointment != nullptr &&
             std::chrono::abs(found.appointment->at - found.facts.now) <= rule.within;
    case RuleWhen::kTier:
      return rule.tier.empty() ? !(customer.tier.empty() && customer.loyalty.empty())
                               : same_word(customer.tier, rule.tier);
    case RuleWhen::kArrival:
      return true;
  }
  return false;
}

std::string value_of(std::string_view placeholder, const Findings& found) {
  const CustomerView& customer = found.facts.customer;
  const Ask* ask = found.ask.ask;
  if (placeholder == "name") return customer.name;
  if (placeholder == "tier") return customer.tier;
  if (placeholder == "loyalty") return customer.loyalty;
  if (placeholder == "camera") return std::string(found.facts.camera);
  if (placeholder == "ask") return ask == nullptr ? "" : ask->text.empty() ? ask->item : ask->text;
  if (placeholder == "item") {
    if (ask != nullptr && !ask->item.empty()) return ask->item;
    return found.missed == nullptr ? "" : found.missed->item;
  }
  if (placeholder == "with") return found.appointment == nullptr ? "" : found.appointment->with;
  if (placeholder == "time") {
    return found.appointment == nullptr
               ? ""
               : clock_text(found.appointment->at + found.facts.utc_offset);
  }
  static constexpr std::string_view kPreference = "preference:";
  if (!placeholder.starts_with(kPreference)) return {};
  const auto held = customer.preferences.find(std::string(placeholder.substr(kPreference.size())));
  return held == customer.preferences.end() ? std::string() : held->second;
}

std::string filled(std::string_view headline, const Findings& found) {
  std::string text;
  for (;;) {
    const auto open = headline.find('{');
    const auto close = open == std::string_view::npos ? open : headline.find('}', open);
    text += headline.substr(0, close == std::string_view::npos ? headline.size() : open);
    if (close == std::string_view::npos) return text;
    text += value_of(headline.substr(open + 1, close - open - 1), found);
    headline.remove_prefix(close + 1);
  }
}

// The headline of a rule without a template of its own: the one of the default rules.
std::string usual_headline(const AlertRule& rule, const Findings& found) {
  switch (rule.when) {
    case RuleWhen::kAsk:
      return ask_headline(found.ask);
    case RuleWhen::kOutOfStock:
      if (found.ask.was_out_of_stock) return ask_headline(found.ask);
      return "Was not in store last time: " + found.missed->item;
    case RuleWhen::kAppointment: {
      const std::string with = found.appointment->with;
      return "Appointment " + clock_text(found.appointment->at + found.facts.utc_offset) +
             (with.empty() ? "" : " with " + with);
    }
    case RuleWhen::kTier:
      return found.facts.customer.tier.empty()
                 ? "Loyalty customer has arrived"
                 : "Loyalty customer has arrived: " + found.facts.customer.tier;
    case RuleWhen::kArrival:
      break;
  }
  return "A customer who asked to be recognised has arrived";
}

RuleAlert alert_of(const AlertRule& rule, const Findings& found) {
  std::string headline = rule.headline.empty() ? "" : filled(rule.headline, found);
  if (headline.find_first_not_of(' ') == std::string::npos) headline = usual_headline(rule, found);
  return {reason_of(rule.when), headline_text(headline, kHeadlineBytes), rule.name, rule.priority,
          rule.audience};
}

int minute_of_day(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return static_cast<int>(std::chrono::floor<std::chrono::minutes>(time - day).count());
}

bool is_snoozed(const AlertRule& rule, const RuleFacts& facts) {
  return std::any_of(facts.uses.begin(), facts.uses.end(), [&](const RuleUse& use) {
    return use.rule == rule.name && std::chrono::abs(facts.now - use.at) < rule.snooze;
  });
}

}  // namespace

std::string_view word(RuleVerdict verdict) {
  switch (verdict) {
    case RuleVerdict::kRaises:
      return "raises";
    case RuleVerdict::kDoesNotApply:
      return "does_not_apply";
    case RuleVerdict::kQuiet:
      return "quiet";
    case RuleVerdict::kSnoozed:
      return "snoozed";
    case RuleVerdict::kPreceded:
      return "preceded";
  }
  return "";
}

std::vector<RuleJudgement> judge_rules(std::span<const AlertRule> rules, const RuleFacts& facts) {
  const Findings found(facts);
  const int minute = minute_of_day(facts.now + facts.utc_offset);
  std::vector<RuleJudgement> judgements;
  bool raised = false;
  for (const AlertRule& rule : rules) {
    RuleJudgement judgement;
    if (applies(rule, found)) {
      judgement.alert = alert_of(rule, found);
      judgement.verdict = rule.quiet && rule.quiet->cover(minute) ? RuleVerdict::kQuiet
                          : is_snoozed(rule, facts)               ? RuleVerdict::kSnoozed
                          : raised                                ? RuleVerdict::kPreceded
                                                                  : RuleVerdict::kRaises;
      raised = raised || judgement.verdict == RuleVerdict::kRaises;
    }
    judgements.push_back(std::move(judgement));
  }
  return judgements;
}

std::optional<RuleAlert> apply_rules(std::span<const AlertRule> rules, const RuleFacts& facts) {
  for (RuleJudgement& judgement : judge_rules(rules, facts)) {
    if (judgement.verdict == RuleVerdict::kRaises) return std::move(judgement.alert);
  }
  return std::nullopt;
}

}  // namespace maitred
