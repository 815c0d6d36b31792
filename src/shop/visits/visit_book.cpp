#include "maitred/shop/visits/visit_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "maitred/base/check.h"
#include "maitred/shop/visits/rules.h"

namespace maitred {
namespace {

bool is_open(AlertState state) {
  return state == AlertState::kNew || state == AlertState::kEscalated ||
         state == AlertState::kClaimed;
}

bool is_answer(Outcome outcome) {
  return outcome == Outcome::kServed || outcome == Outcome::kDeclined ||
         outcome == Outcome::kWrongPerson || outcome == Outcome::kNotFound;
}

// Without rules, every arrival raises an alert for everyone.
std::optional<RuleAlert> announcement_of(const std::vector<AlertRule>& rules, const Match& match,
                                         const ArrivalContext& context) {
  if (rules.empty()) {
    Announcement said = announce(context.view, context.appointments, match.at, context.utc_offset);
    return RuleAlert{said.reason, std::move(said.headline), {}, Priority::kNormal, {}};
  }
  return apply_rules(rules, {context.view, context.appointments, match.camera, match.at,
                             context.utc_offset, context.rule_uses});
}

tl::unexpected<Error> not_open(const VisitId& visit, Outcome outcome) {
  return input_error("not_open", outcome == Outcome::kOpen
                                     ? fmt::format("visit {} has no alert", visit.value)
                                     : fmt::format("the alert of visit {} is over: {}", visit.value,
                                                   word(outcome)));
}

}  // namespace

VisitBook::VisitBook(VisitRules rules) : rules_(std::move(rules)) {}

void VisitBook::add(const VisitId& id, Entry entry) {
  const auto known = newest_.find(entry.customer);
  if (known != newest_.end() && known->second != id) {
    // An earlier visit is kept only while staff may still answer its alert.
    const auto earlier = entries_.find(known->second);
    if (!earlier->second.alert) entries_.erase(earlier);
  }
  newest_[entry.customer] = id;
  entries_[id] = std::move(entry);
}

void VisitBook::restore(std::span<const Visit> visits, std::span<const Alert> open_alerts) {
  entries_.clear();
  newest_.clear();
  for (const Visit& visit : visits) {
    entries_[visit.id] = {visit.customer, visit.start, visit.end, visit.outcome, std::nullopt};
    newest_.emplace(visit.customer, visit.id);
  }
  for (const Alert& alert : open_alerts) {
    const auto entry = entries_.find(alert.visit);
    if (entry == entries_.end() || !is_open(alert.state)) continue;
    entry->second.alert =
        OpenAlert{alert.state, alert.at, alert.expires, alert.escalation, alert.by};
  }
  // An older visit without an open alert can neither be answered nor extended.
  std::erase_if(entries_, [this](const auto& one) {
    return !one.second.alert && newest_.at(one.second.customer) != one.first;
  });
}

const VisitBook::Entry* VisitBook::current(const CustomerId& customer, WallTime at,
                                           VisitId& id) const {
  const auto newest = newest_.find(customer);
  if (newest == newest_.end()) return nullptr;
  const Entry& entry = entries_.at(newest->second);
  const Milliseconds cooldown = entry.outcome == Outcome::kWrongPerson
                                    ? std::min(rules_.cooldown, rules_.alert_ttl)
                                    : rules_.cooldown;
  // Frames of several cameras arrive slightly out of order, so `at` may lie before the visit.
  if (at > entry.end + cooldown || at < entry.start - cooldown) return nullptr;
  id = newest->second;
  return &entry;
}

ArrivalPlan VisitBook::plan_arrival(const Match& match, const ArrivalContext& context) const {
  VisitId id;
  if (const Entry* entry = current(match.customer, match.at, id)) {
    return ExtendedVisit{id, std::max(entry->end, match.at)};
  }
  NewVisit plan;
  plan.visit.id = context.fresh_id;
  plan.visit.customer = match.customer;
  plan.visit.camera = match.camera;
  plan.visit.start = std::min(match.first_seen, match.at);
  plan.visit.end = match.at;
  // A holdout is a visit without an alert: the experiment compares both arms by their visits.
  plan.visit.holdout = context.holdout_draw < rules_.holdout;
  if (plan.visit.holdout) return plan;

  auto announced = announcement_of(rules_.alert_rules, match, context);
  if (!announced) return plan;
  Alert alert;
  alert.visit = context.fresh_id;
  alert.state = AlertState::kNew;
  alert.at = match.at;
  alert.expires = match.at + rules_.alert_ttl;
  alert.camera = match.camera;
  alert.headline = std::move(announced->headline);
  alert.reason = announced->reason;
  alert.rule = std::move(announced->rule);
  alert.priority = announced->priority;
  alert.audience = std::move(announced->audience);
  alert.customer = context.view;
  alert.confidence = match.confidence;
  alert.position = match.position;
  plan.alert = std::move(alert);
  return plan;
}

void VisitBook::apply(const ArrivalPlan& plan) {
  if (const auto* extended = std::get_if<ExtendedVisit>(&plan)) {
    const auto entry = entries_.find(extended->visit);
    if (entry != entries_.end()) entry->second.end = std::max(entry->second.end, extended->end);
    return;
  }
  const auto& fresh = std::get<NewVisit>(plan);
  Entry entry{fresh.visit.customer, fresh.visit.start, fresh.visit.end, fresh.visit.outcome,
              std::nullopt};
  if (fresh.alert) {
    entry.alert = OpenAlert{fresh.alert->state, fresh.alert->at, fresh.alert->expires,
                            fresh.alert->escalation, fresh.alert->by};
  }
  add(fresh.visit.id, std::move(entry));
}

std::optional<ExtendedVisit> VisitBook::plan_seen(const CustomerId& customer, WallTime at) const {
  VisitId id;
  const Entry* entry = current(customer, at, id);
  if (entry == nullptr || at <= entry->end) return std::nullopt;
  return ExtendedVisit{id, at};
}

Result<const VisitBook::Entry*> VisitBook::find(const VisitId& visit) const {
  const auto found = entries_.find(visit);
  if (found == entries_.end()) {
    return input_error("unknown_visit",
                       "no visit of this id has an alert to answer; "
                       "`maitredctl visits` shows the ids");
  }
  return &found->second;
}

Result<ClaimPlan> VisitBook::plan_claim(const VisitId& visit, const std::string& by,
                                        WallTime now) const {
  MAITRED_ASSIGN(const Entry* entry, find(visit));
  if (by.empty()) return input_error("no_name", "a claim needs a name in \"by\"");
  if (!entry->alert) return not_open(visit, entry->outcome);
  const OpenAlert& alert = *entry->alert;
  if (alert.state == AlertState::kClaimed) return ClaimPlan{alert.by == by, alert.by, {}};
  AlertChange change;
  change.visit = visit;
  change.customer = entry->customer;
  change.state = AlertState::kClaimed;
  change.at = now;
  // A claimed alert lives longer: the member of staff is with the customer.
  change.expires = now + rules_.claim_ttl;
  change.escalation = alert.escalation;
  change.by = by;
  change.outcome = entry->outcome;
  return ClaimPlan{true, by, std::move(change)};
}

Result<AlertChange> VisitBook::plan_close(const VisitId& visit, Outcome outcome,
                                          const std::string& note, const std::string& by,
                                          WallTime now) const {
  MAITRED_ASSIGN(const Entry* entry, find(visit));
  if (!is_answer(outcome)) {
    return input_error("bad_outcome",
                       "the outcome of a visit is served, declined, wrong_person or not_found");
  }
  if (!entry->alert) {
    if (!is_answer(entry->outcome)) return not_open(visit, entry->outcome);
    return input_error("already_closed", fmt::format("visit {} is closed already: {}", visit.value,
                                                     word(entry->outcome)));
  }
  AlertChange change;
  change.visit = visit;
  change.customer = entry->customer;
  change.state = AlertState::kClosed;
  change.at = now;
  change.expires = entry->alert->expires;
  change.escalation = entry->alert->escalation;
  change.by = by.empty() ? entry->alert->by : by;
  change.outcome = outcome;
  change.note = note;
  return change;
}

int VisitBook::level_at(const OpenAlert& alert, WallTime now) const {
  int level = 0;
  for (std::size_t i = 0; i < rules_.escalate.size(); ++i) {
    if (now >= alert.at + rules_.escalate[i]) level = static_cast<int>(i) + 1;
  }
  return level;
}

WallTime VisitBook::deadline(const OpenAlert& alert) const {
  WallTime next = alert.expires;
  // A claimed alert does not escalate; it can only expire.
  if (alert.state == AlertState::kClaimed) return next;
  for (auto i = static_cast<std::size_t>(alert.escalation); i < rules_.escalate.size(); ++i) {
    next = std::min(next, alert.at + rules_.escalate[i]);
  }
  return next;
}

std::vector<AlertChange> VisitBook::due(WallTime now) const {
  std::vector<std::pair<WallTime, AlertChange>> changes;
  for (const auto& [id, entry] : entries_) {
    if (!entry.alert || deadline(*entry.alert) > now) continue;
    const OpenAlert& alert = *entry.alert;
    AlertChange change;
    change.visit = id;
    change.customer = entry.customer;
    change.at = now;
    change.expires = alert.expires;
    change.escalation = alert.escalation;
    change.by = alert.by;
    // Expiry comes before escalation: after a long stop, nobody is called for a customer who left.
    if (now >= alert.expires) {
      change.state = AlertState::kExpired;
      change.outcome = Outcome::kExpired;
    } else {
      change.state = AlertState::kEscalated;
      change.escalation = level_at(alert, now);
    }
    changes.emplace_back(deadline(alert), std::move(change));
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<AlertChange> result;
  for (auto& [when, change] : changes) result.push_back(std::move(change));
  return result;
}

std::optional<WallTime> VisitBook::next_deadline() const {
  std::optional<WallTime> next;
  for (const auto& [id, entry] : entries_) {
    if (entry.alert) next = std::min(next.value_or(WallTime::max()), deadline(*entry.alert));
  }
  return next;
}

std::vector<AlertChange> VisitBook::plan_withdraw(const CustomerId& customer, WallTime now) const {
  std::vector<AlertChange> changes;
  for (const auto& [id, entry] : entries_) {
    if (entry.customer != customer || !entry.alert) continue;
    AlertChange change;
    change.visit = id;
    change.customer = customer;
    change.state = AlertState::kWithdrawn;
    change.at = now;
    change.expires = entry.alert->expires;
    change.escalation = entry.alert->escalation;
    change.by = entry.alert->by;
    change.outcome = Outcome::kWithdrawn;
    changes.push_back(std::move(change));
  }
  return changes;
}

void VisitBook::apply(const AlertChange& change) {
  const auto found = entries_.find(change.visit);
  MAITRED_CHECK(found != entries_.end() && found->second.alert);
  Entry& entry = found->second;
  entry.outcome = change.outcome;
  if (is_open(change.state)) {
    entry.alert->state = change.state;
    entry.alert->expires = change.expires;
    entry.alert->escalation = change.escalation;
    entry.alert->by = change.by;
    return;
  }
  // The newest visit stays without its alert, for the cooldown.
  entry.alert.reset();
  if (newest_.at(entry.customer) != change.visit) entries_.erase(found);
}

void VisitBook::forget(const CustomerId& customer) {
  newest_.erase(customer);
  std::erase_if(entries_, [&](const auto& one) { return one.second.customer == customer; });
}

std::size_t VisitBook::open_alerts() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [](const auto& one) { return one.second.alert.has_value(); }));
}

}  // namespace maitred
