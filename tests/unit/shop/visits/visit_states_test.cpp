// Every state of an alert against every event, and a restart at every point of a random history.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "maitred/shop/visits/visit_book.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;

const WallTime kDayStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 10h};
const CustomerId kCustomer("anna2345");
const VisitId kTheVisit("v1");

ArrivalPlan arrival(const VisitBook& book, const CustomerId& customer, WallTime at,
                    const std::string& id, double draw = 0.9) {
  Match match;
  match.customer = customer;
  match.first_seen = match.at = at;
  ArrivalContext context;
  context.fresh_id = VisitId(id);
  context.holdout_draw = draw;
  return book.plan_arrival(match, context);
}

enum class State {
  kUnknown,
  kNew,
  kLevel1,
  kLevel2,
  kClaimed,
  kClosed,
  kExpired,
  kWithdrawn,
  kHoldout
};
constexpr State kStates[] = {State::kUnknown, State::kNew,       State::kLevel1,
                             State::kLevel2,  State::kClaimed,   State::kClosed,
                             State::kExpired, State::kWithdrawn, State::kHoldout};

VisitBook in(State state) {
  VisitRules rules;
  rules.holdout = 0.5;
  VisitBook book(rules);
  if (state == State::kUnknown) return book;
  book.apply(arrival(book, kCustomer, kDayStart, "v1", state == State::kHoldout ? 0.1 : 0.9));
  const auto wait = [&](Milliseconds time) {
    for (const auto& change : book.due(kDayStart + time)) book.apply(change);
  };
  switch (state) {
    case State::kLevel1:
      wait(20s);
      break;
    case State::kLevel2:
      wait(60s);
      break;
    case State::kClaimed:
      book.apply(*book.plan_claim(kTheVisit, "Sam", kDayStart + 1s)->change);
      break;
    case State::kClosed:
      book.apply(*book.plan_close(kTheVisit, Outcome::kServed, "", "Sam", kDayStart + 1s));
      break;
    case State::kExpired:
      wait(10min);
      break;
    case State::kWithdrawn:
      book.apply(book.plan_withdraw(kCustomer, kDayStart + 1s).at(0));
      break;
    default:
      break;
  }
  return book;
}

// What the events do, in words: "" is nothing.
std::string claimed_by(const VisitBook& book, const std::string& who) {
  const auto answer = book.plan_claim(kTheVisit, who, kDayStart + 61s);
  if (!answer) return answer.error().code;
  if (!answer->ok) return "lost to " + answer->by;
  return answer->change ? std::string(word(answer->change->state)) : "kept";
}
std::string closed(const VisitBook& book) {
  const auto change = book.plan_close(kTheVisit, Outcome::kNotFound, "", "Kim", kDayStart + 61s);
  return change ? std::string(word(change->state)) : change.error().code;
}
std::string after(const VisitBook& book, Milliseconds time) {
  const auto changes = book.due(kDayStart + time);
  if (changes.empty()) return "";
  return fmt::format("{} {}", word(changes.at(0).state), changes.at(0).escalation);
}
std::string withdrawn(const VisitBook& book) {
  const auto changes = book.plan_withdraw(kCustomer, kDayStart + 61s);
  return changes.empty() ? "" : std::string(word(changes.at(0).state));
}
std::string arrived(const VisitBook& book) {
  const auto plan = arrival(book, kCustomer, kDayStart + 61s, "v2");
  return std::holds_alternative<NewVisit>(plan) ? "visit" : "extended";
}

TEST(VisitStates, EveryEventInEveryState) {
  struct Row {
    State state;
    const char* claim_sam;
    const char* claim_kim;
    const char* close;
    const char* after_20s;
    const char* after_60s;
    const char* after_10min;
    const char* after_5h;
    const char* withdraw;
    const char* arrive;
  };
  const Row table[] = {
      {State::kUnknown, "unknown_visit", "unknown_visit", "unknown_visit", "", "", "", "", "",
       "visit"},
      {State::kNew, "claimed", "claimed", "closed", "escalated 1", "escalated 2", "expired 0",
       "expired 0", "withdrawn", "extended"},
      {State::kLevel1, "claimed", "claimed", "closed", "", "escalated 2", "expired 1", "expired 1",
       "withdrawn", "extended"},
      {State::kLevel2, "claimed", "claimed", "closed", "", "", "expired 2", "expired 2",
       "withdrawn", "extended"},
      {State::kClaimed, "kept", "lost to Sam", "closed", "", "", "", "expired 0", "withdrawn",
       "extended"},
      {State::kClosed, "not_open", "not_open", "already_closed", "", "", "", "", "", "extended"},
      {State::kExpired, "not_open", "not_open", "not_open", "", "", "", "", "", "extended"},
      {State::kWithdrawn, "not_open", "not_open", "not_open", "", "", "", "", "", "extended"},
      {State::kHoldout, "not_open", "not_open", "not_open", "", "", "", "", "", "extended"},
  };
  ASSERT_EQ(std::size(table), std::size(kStates));
  for (const Row& row : table) {
    SCOPED_TRACE(static_cast<int>(row.state));
    const VisitBook book = in(row.state);
    EXPECT_EQ(claimed_by(book, "Sam"), row.claim_sam);
    EXPECT_EQ(claimed_by(book, "Kim"), row.claim_kim);
    EXPECT_EQ(closed(book), row.close);
    EXPECT_EQ(after(book, 20s), row.after_20s);
    EXPECT_EQ(after(book, 60s), row.after_60s);
    EXPECT_EQ(after(book, 10min), row.after_10min);
    EXPECT_EQ(after(book, 5h), row.after_5h);
    EXPECT_EQ(withdrawn(book), row.withdraw);
    EXPECT_EQ(arrived(book), row.arrive);
  }
}

// A store as the core has it: rows of all visits and alerts, changed by the committed plans.
struct Store {
  std::vector<Visit> visits;
  std::map<VisitId, Alert> alerts;

  void write(const ArrivalPlan& plan) {
    if (const auto* extended = std::get_if<ExtendedVisit>(&plan)) {
      for (Visit& visit : visits) {
        if (visit.id == extended->visit) visit.end = extended->end;
      }
      return;
    }
    const auto& fresh = std::get<NewVisit>(plan);
    visits.push_back(fresh.visit);
    if (fresh.alert) alerts[fresh.visit.id] = *fresh.alert;
  }
  void write(const AlertChange& change) {
    Alert& alert = alerts.at(change.visit);
    alert.state = change.state;
    alert.expires = change.expires;
    alert.escalation = change.escalation;
    alert.by = change.by;
    for (Visit& visit : visits) {
      if (visit.id == change.visit) visit.outcome = change.outcome;
    }
  }
  VisitBook restart(const VisitRules& rules) const {
    std::vector<Alert> open;
    for (const auto& [id, alert] : alerts) {
      if (alert.state == AlertState::kNew || alert.state == AlertState::kEscalated ||
          alert.state == AlertState::kClaimed) {
        open.push_back(alert);
      }
    }
    VisitBook book(rules);
    const std::vector<Visit> newest_first(visits.rbegin(), visits.rend());
    book.restore(newest_first, open);
    return book;
  }
};

// One event, described by what it does, so that two books can be compared.
class Player {
 public:
  explicit Player(unsigned seed) : random_(seed) {}

  void roll() {
    kind_ = number(0, 9);
    customer_ = CustomerId(fmt::format("customer{}", number(0, 2)));
    who_ = number(0, 1) == 0 ? "Sam" : "Kim";
    outcome_ = static_cast<Outcome>(number(1, 4));
    pick_ = static_cast<std::size_t>(number(0, 1000));
    // Mostly seconds, now and then hours; a little backwards, as cameras are.
    const int step = number(0, 19);
    now_ += step == 0 ? Milliseconds(number(0, 20000000)) : Milliseconds(number(-2000, 40000));
    ++events_;
  }

  std::string play(VisitBook& book, Store* store) const {
    std::string said;
    const auto commit = [&](const auto& plan) {
      if (store != nullptr) store->write(plan);
      book.apply(plan);
    };
    const VisitId visit = visit_id(pick_ % static_cast<std::size_t>(events_));
    if (kind_ <= 2) {
      const auto plan = arrival(book, customer_, now_, visit_id(events_).value,
                                customer_.value.back() == '0' ? 0.1 : 0.9);
      const auto* fresh = std::get_if<NewVisit>(&plan);
      said = fresh != nullptr ? "visit " + fresh->visit.id.value + (fresh->alert ? " alert" : "")
                              : "extended " + std::get<ExtendedVisit>(plan).visit.value + " " +
                                    format_time(std::get<ExtendedVisit>(plan).end);
      commit(plan);
    } else if (kind_ == 3) {
      const auto seen = book.plan_seen(customer_, now_);
      said = seen ? "seen " + seen->visit.value : "";
      if (seen) commit(ArrivalPlan(*seen));
    } else if (kind_ <= 5) {
      const auto answer = book.plan_claim(visit, who_, now_);
      said = answer ? answer->by + (answer->ok ? " ok" : " lost") : answer.error().code;
      if (answer && answer->change) commit(*answer->change);
    } else if (kind_ == 6) {
      const auto change = book.plan_close(visit, outcome_, "", who_, now_);
      said = change ? "closed" : change.error().code;
      if (change) commit(*change);
    } else if (kind_ == 7 && pick_ % 5 == 0) {
      for (const auto& change : book.plan_withdraw(customer_, now_)) {
        said += "withdrawn " + change.visit.value;
        commit(change);
      }
    } else {
      for (const auto& change : book.due(now_)) {
        said += fmt::format("{}{} {} ", word(change.state), change.escalation, change.visit.value);
        commit(change);
      }
    }
    const auto next = book.next_deadline();
    return fmt::format("{} | {} open, next {}", said, book.open_alerts(),
                       next ? format_time(*next) : "none");
  }

 private:
  int number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  static VisitId visit_id(std::size_t event) { return VisitId(fmt::format("v{}", event)); }

  std::mt19937 random_;
  WallTime now_ = kDayStart;
  std::size_t events_ = 0;
  int kind_ = 0;
  CustomerId customer_;
  std::string who_;
  Outcome outcome_ = Outcome::kServed;
  std::size_t pick_ = 0;
};

TEST(VisitRestore, EqualsNeverHavingStopped) {
  VisitRules rules;
  rules.cooldown = 5min;
  rules.alert_ttl = 3min;
  rules.claim_ttl = 10min;
  rules.holdout = 0.5;
  for (unsigned seed = 0; seed < 300; ++seed) {
    Player player(seed);
    Store store;
    VisitBook running(rules);
    for (int event = 0; event < 60; ++event) {
      // A restart at each point: the restored book must answer this event, like the one that ran.
      VisitBook restored = store.restart(rules);
      player.roll();
      const std::string expected = player.play(running, &store);
      ASSERT_EQ(player.play(restored, nullptr), expected) << "seed " << seed << " event " << event;
    }
  }
}

TEST(VisitRestore, ReplacesWhatWasThere) {
  VisitBook book = in(State::kNew);
  book.restore({}, {});
  EXPECT_EQ(book.open_alerts(), 0U);
  EXPECT_EQ(arrived(book), "visit");
}

TEST(VisitRestore, AnAlertWithoutItsVisitIsLeftOut) {
  VisitBook book{VisitRules{}};
  Alert alert;
  alert.visit = kTheVisit;
  book.restore({}, std::vector{alert});
  EXPECT_EQ(book.open_alerts(), 0U);
}

}  // namespace
}  // namespace maitred
