#include "maitred/shop/desk/visit_desk.h"

#include <sodium.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <ctime>

#include "maitred/base/log.h"
#include "maitred/base/secret.h"
#include "maitred/shop/consent/consent.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {
namespace {

// While the customer stays, the end of the visit is written at most this often.
constexpr Milliseconds kWriteEndEvery{10'000};
// A visit that began longer ago than the cooldown plus this can no longer be extended.
constexpr Milliseconds kLongestVisit = std::chrono::hours{24};
constexpr const char* kHoldoutKey = "holdout_key";
// A terminal that was away while more alerts ended keeps some of them on its screen.
constexpr std::size_t kEndsRemembered = 1000;

// UTC offset of the local clock at `at`.
Milliseconds utc_offset_at(WallTime at) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return std::chrono::seconds{local.tm_gmtoff};
}

VisitRules rules_of(const VisitSettings& settings, std::vector<AlertRule> alert_rules) {
  VisitRules rules;
  rules.cooldown = settings.cooldown;
  rules.alert_ttl = settings.alert_ttl;
  rules.escalate = settings.escalate;
  rules.holdout = settings.holdout;
  rules.alert_rules = std::move(alert_rules);
  return rules;
}

// The terminal is known by its token. The name a client gives itself is only what it says.
Actor staff_actor(const StaffTerminal& terminal, const std::string& by, WallTime at) {
  std::string who = terminal.name.empty() ? "staff" : "staff:" + terminal.name;
  if (!by.empty() && by != terminal.name) who += fmt::format(" (calls itself {})", by);
  return {std::move(who), at};
}

// The key of the holdout draw, created at its first use. The store keeps it, so that a customer
// stays in the same arm of the experiment.
Result<std::vector<std::uint8_t>> holdout_key(Store& store) {
  MAITRED_ASSIGN(auto key, store.setting(kHoldoutKey));
  if (key && key->size() == crypto_shorthash_KEYBYTES) return std::move(*key);
  std::vector<std::uint8_t> fresh(crypto_shorthash_KEYBYTES);
  randombytes_buf(fresh.data(), fresh.size());
  MAITRED_TRY(store.set_setting(kHoldoutKey, fresh));
  return fresh;
}

}  // namespace

VisitDesk::VisitDesk(Store& store, const VisitSettings& settings, std::vector<AlertRule> rules)
    : store_(store),
      settings_(settings),
      book_(rules_of(settings, std::move(rules))),
      clock_(wall_now) {}

Result<std::unique_ptr<VisitDesk>> VisitDesk::restore(Store& store, const VisitSettings& settings,
                                                      WallTime now, std::vector<AlertRule> rules) {
  std::unique_ptr<VisitDesk> desk(new VisitDesk(store, settings, std::move(rules)));
  MAITRED_TRY(desk->read_back(now));
  return desk;
}

Status VisitDesk::read_back(WallTime now) {
  book_ = VisitBook(rules_of(settings_, book_.rules().alert_rules));
  unwritten_.clear();
  written_.clear();
  // Older visits are over: a new arrival of their customers begins a new visit in any case.
  VisitQuery recent;
  recent.since = now - settings_.cooldown - kLongestVisit;
  MAITRED_ASSIGN(std::vector<Visit> visits, store_.visits().list(recent));
  MAITRED_ASSIGN(const std::vector<StoredAlert> stored, store_.visits().open_alerts());
  std::vector<Alert> alerts;
  for (const StoredAlert& one : stored) {
    alerts.push_back(one.alert);
    // An alert may be open longer than the cooldown; its visit is then not among the recent ones.
    const bool known = std::any_of(visits.begin(), visits.end(),
                                   [&](const Visit& visit) { return visit.id == one.alert.visit; });
    if (known) continue;
    MAITRED_ASSIGN(Visit visit, store_.visits().find(one.alert.visit));
    visits.push_back(std::move(visit));
  }
  book_.restore(visits, alerts);
  if (settings_.holdout > 0.0) {
    MAITRED_ASSIGN(holdout_key_, holdout_key(store_));
  }
  return {};
}

Status VisitDesk::reload(const VisitSettings& settings, std::vector<AlertRule> rules) {
  if (settings.holdout > 0.0 && holdout_key_.empty()) {
    MAITRED_ASSIGN(holdout_key_, holdout_key(store_));
  }
  settings_ = settings;
  book_.set_rules(rules_of(settings, std::move(rules)));
  return {};
}

void VisitDesk::publish(const Alert& alert) {
  if (sink_) sink_(alert);
}

void VisitDesk::note_change(const Alert& alert) {
  alert_changed_(alert);
  if (!is_over(alert.state)) return;
  Alert& end = ended_.emplace_back();  // nothing of the customer, who may be erased
  end.seq = alert.seq;
  end.visit = alert.visit;
  end.state = alert.state;
  end.at = alert.at;
  end.by = alert.by;
  end.escalation = alert.escalation;
  end.outcome = alert.outcome;
  if (ended_.size() > kEndsRemembered) ended_.pop_front();
}

double VisitDesk::holdout_draw(const CustomerId& customer) const {
  if (holdout_key_.empty()) return 1.0;
  std::uint64_t hash = 0;
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                   reinterpret_cast<const unsigned char*>(customer.value.data()),
                   customer.value.size(), holdout_key_.data());
  // The upper 53 bits are a uniform double in [0, 1).
  return static_cast<double>(hash >> 11) * 0x1.0p-53;
}

std::optional<WallTime> VisitDesk::escalation_deadline(const Alert& alert) const {
  const auto level = static_cast<std::size_t>(alert.escalation);
  const bool waiting = alert.state == AlertState::kNew || alert.state == AlertState::kEscalated;
  if (!waiting || level >= settings_.escalate.size()) return std::nullopt;
  return alert.at + settings_.escalate[level];
}

Result<ArrivalContext> VisitDesk::arrival_context(const Customer& customer, WallTime at) const {
  ArrivalContext context;
  context.fresh_id = VisitId(random_id(12));
  context.view = view_within_consent(customer, at);
  context.appointments = customer.appointments;
  context.holdout_draw = holdout_draw(customer.id);
  if (rules().empty()) return context;
  context.utc_offset = utc_offset_at(at);
  AlertQuery before;
  before.customer = customer.id;
  MAITRED_ASSIGN(const auto alerts, store_.visits().alerts(before));
  for (const StoredAlert& one : alerts) {
    if (!one.alert.rule.empty()) context.rule_uses.push_back({one.alert.rule, one.alert.at});
  }
  return context;
}

Status VisitDesk::arrive(const Match& match) {
  MAITRED_ASSIGN(const Customer customer, store_.customers().find(match.customer));
  if (!may(customer.consent, Scope::kRecognition, match.at)) return {};
  MAITRED_ASSIGN(const ArrivalContext context, arrival_context(customer, match.at));
  const ArrivalPlan plan = book_.plan_arrival(match, context);
  if (const auto* extended = std::get_if<ExtendedVisit>(&plan)) {
    return seen(match.customer, extended->end);
  }
  return begin(std::get<NewVisit>(plan), match);
}

Status VisitDesk::begin(const NewVisit& plan, const Match& match) {
  Arrival arrival{plan.visit, std::nullopt};
  if (plan.alert) arrival.alert = StoredAlert{*plan.alert, escalation_deadline(*plan.alert)};
  // The customer may withdraw between the match and this commit: the transaction reads the consent
  // again.
  const auto recheck = [&match](const Customer& customer) {
    return may(customer.consent, Scope::kRecognition, match.at);
  };
  auto committed =
      store_.visits().commit_arrival(arrival, recheck, Actor{"camera:" + match.camera, match.at});
  if (!committed) {
    // That is no error: the customer withdrew in time, and nothing was written.
    if (committed.error().code == "consent_missing") return {};
    return tl::unexpected(committed.error());
  }
  book_.apply(ArrivalPlan{plan});
  written_[match.customer] = plan.visit.end;
  unwritten_.erase(match.customer);
  visit_began_();
  if (*committed) note_change((*committed)->alert);
  journal().info(
      "visit {} began at camera {}{}", plan.visit.id.value, match.camera,
      *committed ? fmt::format(", alert {}", (*committed)->alert.seq) : ", without an alert");
  if (*committed) publish((*committed)->alert);
  return {};
}

Status VisitDesk::seen(const CustomerId& customer, WallTime at) {
  const auto plan = book_.plan_seen(customer, at);
  if (!plan) return {};
  book_.apply(ArrivalPlan{*plan});
  unwritten_[customer] = *plan;
  const auto written = written_.find(customer);
  // Writing every frame would wear the disk; a crash loses at most this much of a visit's end.
  const bool due = written == written_.end() || plan->end - written->second >= kWriteEndEvery;
  return due ? left(customer) : Status{};
}

Status VisitDesk::left(const CustomerId& customer) {
  const auto found = unwritten_.find(customer);
  if (found == unwritten_.end()) return {};
  MAITRED_TRY(store_.visits().touch(found->second.visit, found->second.end));
  written_[customer] = found->second.end;
  unwritten_.erase(found);
  return {};
}

Result<Alert> VisitDesk::commit(const AlertChange& change, const Actor& actor) {
  MAITRED_ASSIGN(StoredAlert stored, store_.visits().alert(change.visit));
  Alert& alert = stored.alert;
  alert.state = change.state;
  alert.expires = change.expires;
  alert.escalation = change.escalation;
  alert.by = change.by;
  alert.outcome = change.outcome;
  stored.escalates = escalation_deadline(alert);
  std::optional<Visit> visit;
  if (change.outcome != Outcome::kOpen) {
    MAITRED_ASSIGN(visit, store_.visits().find(change.visit));
    visit->outcome = change.outcome;
    visit->note = change.note;
  }
  std::optional<StoredAlert> committed;
  // The answer and what it teaches are one transaction, so that a crash cannot separate them.
  MAITRED_TRY(store_.together([&]() -> Status {
    MAITRED_ASSIGN(committed, store_.visits().commit_alert_change(stored, visit, actor));
    if (visit) MAITRED_TRY(visit_closed_(*visit, actor));
    if (change.outcome != Outcome::kServed) return {};
    MAITRED_TRY(store_.customers().close_asks(change.customer, actor));
    return {};
  }));
  book_.apply(change);
  note_change(committed->alert);
  return committed->alert;
}

Status VisitDesk::tick(WallTime now) {
  for (const AlertChange& change : book_.due(now)) {
    MAITRED_ASSIGN(const Alert alert, commit(change, Actor{"maitred", now}));
    publish(alert);
  }
  return {};
}

Status VisitDesk::withdraw(const CustomerId& customer, const Actor& actor) {
  MAITRED_ASSIGN(const auto withdrawn, store_.withdraw(customer, actor));
  for (const AlertChange& change : book_.plan_withdraw(customer, actor.at)) book_.apply(change);
  unwritten_.erase(customer);
  for (const StoredAlert& stored : withdrawn) {
    note_change(stored.alert);
    publish(stored.alert);
  }
  return {};
}

// Withdraws open alerts and publishes that while the rows still exist.
Status VisitDesk::withdraw_before_erasure(const CustomerId& customer, const Actor& actor) {
  Status withdrawn = withdraw(customer, actor);
  if (!withdrawn && withdrawn.error().code != "consent_withdrawn") return withdrawn;
  return {};
}

void VisitDesk::drop(const CustomerId& customer) {
  book_.forget(customer);
  unwritten_.erase(customer);
  written_.erase(customer);
}

Result<Receipt> VisitDesk::forget(const CustomerId& customer, const Actor& actor) {
  MAITRED_TRY(withdraw_before_erasure(customer, actor));
  auto receipt = store_.forget(customer, actor);
  // Incomplete means that the rows are gone but a file could not be written: memory follows the
  // rows.
  if (receipt || receipt.error().code == "erasure_incomplete") drop(customer);
  return receipt;
}

Result<std::vector<Receipt>> VisitDesk::forget_all(const std::vector<CustomerId>& customers,
                                                   const Actor& actor) {
  for (const CustomerId& customer : customers) {
    MAITRED_TRY(withdraw_before_erasure(customer, actor));
  }
  auto receipts = store_.forget_all(customers, actor);
  if (!receipts && receipts.error().code != "erasure_incomplete") return receipts;
  for (const CustomerId& customer : customers) drop(customer);
  return receipts;
}

Status VisitDesk::follow_up(const std::vector<Alert>& shown, const Actor& actor) {
  std::vector<Alert> news;
  for (const Alert& alert : shown) {
    auto stored = store_.visits().alert(alert.visit);
    if (!stored && stored.error().code != "unknown_alert") return tl::unexpected(stored.error());
    if (!stored) {
      Alert& gone = news.emplace_back(alert);
      gone.state = AlertState::kWithdrawn;
      MAITRED_ASSIGN(gone.seq, store_.visits().take_seq());
    } else if (is_over(stored->alert.state)) {
      news.push_back(stored->alert);
    } else if (stored->alert.seq != alert.seq) {
      // The restored state is older than what staff saw. A new seq makes clients take it over.
      MAITRED_ASSIGN(stored, store_.visits().commit_alert_change(*stored, std::nullopt, actor));
      news.push_back(stored->alert);
    }
  }
  std::sort(news.begin(), news.end(),
            [](const Alert& one, const Alert& other) { return one.seq < other.seq; });
  for (const Alert& alert : news) publish(alert);
  return {};
}

bool VisitDesk::tokens_required() {
  // A store that cannot be read must not open the door, so an error asks for a token.
  const auto none = store_.staff().empty();
  return tokens_always_ || !none || !*none;
}

std::optional<StaffTerminal> VisitDesk::authenticate(std::string_view token) {
  auto found = store_.staff().member(token);
  if (!found || !*found || (*found)->system) return std::nullopt;
  StaffMember& member = **found;
  return StaffTerminal{std::move(member.name), std::move(member.skills), std::move(member.zones),
                       member.manager};
}

Result<std::vector<Alert>> VisitDesk::open_alerts(std::uint64_t after) {
  MAITRED_ASSIGN(const auto stored, store_.visits().open_alerts(after));
  std::vector<Alert> alerts;
  for (const StoredAlert& one : stored) alerts.push_back(one.alert);
  if (after == 0) return alerts;  // that client begins with an empty list
  for (const Alert& end : ended_) {
    if (end.seq > after) alerts.push_back(end);
  }
  return alerts;
}

Result<ClaimAnswer> VisitDesk::claim(const VisitId& visit, const std::string& by,
                                     const StaffTerminal& terminal) {
  const WallTime now = clock_();
  MAITRED_ASSIGN(const ClaimPlan plan, book_.plan_claim(visit, by, now));
  ClaimAnswer answer{plan.ok, plan.by, std::nullopt};
  if (plan.change) {
    MAITRED_ASSIGN(answer.update, commit(*plan.change, staff_actor(terminal, by, now)));
  }
  return answer;
}

Result<Alert> VisitDesk::close(const VisitId& visit, Outcome outcome, const std::string& note,
                               const std::string& by, const StaffTerminal& terminal) {
  const WallTime now = clock_();
  MAITRED_ASSIGN(const AlertChange change, book_.plan_close(visit, outcome, note, by, now));
  return commit(change, staff_actor(terminal, by, now));
}

void VisitDesk::ack(std::uint64_t seq, const StaffTerminal&) {
  journal().debug("alert {} was shown", seq);
}

}  // namespace maitred
