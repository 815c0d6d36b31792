// Runs visits and alerts: plans a change, commits it to the store, applies it in memory and
// publishes it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/settings/settings.h"
#include "maitred/shop/desk/staff_desk.h"
#include "maitred/shop/store/store.h"
#include "maitred/shop/visits/visit_book.h"

namespace maitred {

// An alert is on disk before it is published. Bound to one thread; the store must outlive it.
class VisitDesk : public StaffDesk {
 public:
  // Receives each new or changed alert, except those that claim and close return.
  using Sink = std::function<void(const Alert&)>;

  // Reads open alerts and recent visits back from the store.
  static Result<std::unique_ptr<VisitDesk>> restore(Store& store, const VisitSettings& settings,
                                                    WallTime now,
                                                    std::vector<AlertRule> rules = {});

  // Reads them again after another state of the store has replaced it.
  Status read_back(WallTime now);

  void set_sink(Sink sink) { sink_ = std::move(sink); }
  // Called for each visit that begins and each alert that is raised or changed, for metrics.
  void set_observer(std::function<void()> visit_began, Sink alert_changed) {
    visit_began_ = std::move(visit_began);
    alert_changed_ = std::move(alert_changed);
  }
  // Called for each visit that staff have closed, with its outcome, inside the transaction.
  using VisitClosed = std::function<Status(const Visit&, const Actor&)>;
  void set_visit_closed(VisitClosed handler) { visit_closed_ = std::move(handler); }
  // Sets the clock that staff's answers are timed by.
  void set_clock(std::function<WallTime()> clock) { clock_ = std::move(clock); }

  // Handles a recognised customer. Reads the consent again inside the transaction; without consent
  // nothing happens. Errors: those of the store.
  Status arrive(const Match& match);
  // Extends the visit: a decided track is still in view.
  Status seen(const CustomerId& customer, WallTime at);
  // Writes the visit's end: a decided track has ended.
  Status left(const CustomerId& customer);

  // What the rules need to know about an arrival of this customer.
  Result<ArrivalContext> arrival_context(const Customer& customer, WallTime at) const;
  const std::vector<AlertRule>& rules() const { return book_.rules().alert_rules; }

  // Carries out escalations and expiries that are due.
  Status tick(WallTime now);
  // Takes over other settings and rules for alerts to come.
  Status reload(const VisitSettings& settings, std::vector<AlertRule> rules);
  std::size_t alerts_open() const { return book_.open_alerts(); }
  std::optional<WallTime> next_deadline() const { return book_.next_deadline(); }

  // Withdraws the customer's consent; open alerts become withdrawn and are published.
  Status withdraw(const CustomerId& customer, const Actor& actor);
  // Erases the customer, after withdrawing open alerts.
  Result<Receipt> forget(const CustomerId& customer, const Actor& actor);
  // The same for several customers; returns a receipt each.
  Result<std::vector<Receipt>> forget_all(const std::vector<CustomerId>& customers,
                                          const Actor& actor);
  // After read_back, publishes what has become of these alerts, which staff were shown as open.
  Status follow_up(const std::vector<Alert>& shown, const Actor& actor);

  // Requires tokens even if none exist.
  void always_require_tokens(bool always) { tokens_always_ = always; }

  // StaffDesk
  bool tokens_required() override;
  std::optional<StaffTerminal> authenticate(std::string_view token) override;
  Result<std::vector<Alert>> open_alerts(std::uint64_t after) override;
  Result<ClaimAnswer> claim(const VisitId& visit, const std::string& by,
                            const StaffTerminal& terminal = {}) override;
  Result<Alert> close(const VisitId& visit, Outcome outcome, const std::string& note,
                      const std::string& by, const StaffTerminal& terminal = {}) override;
  void ack(std::uint64_t seq, const StaffTerminal& terminal) override;

 private:
  VisitDesk(Store& store, const VisitSettings& settings, std::vector<AlertRule> rules);
  Result<Alert> commit(const AlertChange& change, const Actor& actor);
  Status begin(const NewVisit& plan, const Match& match);
  Status withdraw_before_erasure(const CustomerId& customer, const Actor& actor);
  void drop(const CustomerId& customer);
  std::optional<WallTime> escalation_deadline(const Alert& alert) const;
  double holdout_draw(const CustomerId& customer) const;
  void publish(const Alert& alert);
  void note_change(const Alert& alert);

  Store& store_;
  VisitSettings settings_;
  VisitBook book_;
  Sink sink_;
  std::function<void()> visit_began_ = [] {};
  Sink alert_changed_ = [](const Alert&) {};
  VisitClosed visit_closed_ = [](const Visit&, const Actor&) { return Status{}; };
  std::function<WallTime()> clock_;
  bool tokens_always_ = false;
  std::map<CustomerId, ExtendedVisit> unwritten_;  // ends of visits that the store lacks so far
  std::map<CustomerId, WallTime> written_;         // ends of visits that the store has
  std::vector<std::uint8_t> holdout_key_;
  std::deque<Alert> ended_;  // the newest, for terminals that were away; without the customer
};

}  // namespace maitred
