// Visits and alerts where memory, store and staff meet: plan, commit, apply, publish.
#pragma once

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

// An alert is on disk before anyone hears of it. Bound to one thread; the store must outlive it.
class VisitDesk : public StaffDesk {
 public:
  // Gets each alert that is new or changed, but for those that claim and close return.
  using Sink = std::function<void(const Alert&)>;

  // Reads open alerts and recent visits back from the store.
  static Result<std::unique_ptr<VisitDesk>> restore(Store& store, const VisitSettings& settings,
                                                    WallTime now,
                                                    std::vector<AlertRule> rules = {});

  // The same again, when another state of the store has taken its place.
  Status read_back(WallTime now);

  void set_sink(Sink sink) { sink_ = std::move(sink); }
  // The clock of staff answers.
  // Told of each visit that begins, and of each alert that is raised or changed, for counting.
  void set_observer(std::function<void()> visit_began, Sink alert_changed) {
    visit_began_ = std::move(visit_began);
    alert_changed_ = std::move(alert_changed);
  }
  // Told of each visit that staff have closed, with its outcome, inside the transaction.
  using Answered = std::function<Status(const Visit&, const Actor&)>;
  void set_answered(Answered told) { answered_ = std::move(told); }
  void set_clock(std::function<WallTime()> clock) { clock_ = std::move(clock); }

  // A customer was recognised. The consent is read again inside the transaction; without it nothing
  // happens. Errors: those of the store.
  Status arrive(const Match& match);
  // A decided track is still there.
  Status seen(const CustomerId& customer, WallTime at);
  // A decided track has ended: the visit's end is written.
  Status left(const CustomerId& customer);

  // What the rules would make of an arrival of this customer.
  Result<ArrivalContext> arrival_context(const Customer& customer, WallTime at) const;
  const std::vector<AlertRule>& rules() const { return book_.rules().alert_rules; }

  // Escalations and expiries that are due.
  Status tick(WallTime now);
  // Other rules from now on.
  Status reload(const VisitSettings& settings, std::vector<AlertRule> rules);
  std::size_t alerts_open() const { return book_.open_alerts(); }
  std::optional<WallTime> next_deadline() const { return book_.next_deadline(); }

  // Withdraws consent in the store; open alerts become withdrawn and staff learn it.
  Status withdraw(const CustomerId& customer, const Actor& actor);
  // Erases the customer: alerts are withdrawn first.
  Result<Receipt> forget(const CustomerId& customer, const Actor& actor);
  // Several: a receipt each.
  Result<std::vector<Receipt>> forget_all(const std::vector<CustomerId>& customers,
                                          const Actor& actor);
  // After read_back: staff who were shown these open alerts learn what is left of them.
  Status follow_up(const std::vector<Alert>& shown, const Actor& actor);

  // Even when there are none.
  void always_require_tokens(bool always) { tokens_always_ = always; }

  // StaffDesk
  bool tokens_required() override;
  std::optional<StaffTerminal> authenticate(std::string_view token) override;
  Result<std::vector<Alert>> open_alerts(std::uint64_t after) override;
  Result<ClaimAnswer> claim(const VisitId& visit, const std::string& by) override;
  Result<Alert> close(const VisitId& visit, Outcome outcome, const std::string& note,
                      const std::string& by) override;
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

  Store& store_;
  VisitSettings settings_;
  VisitBook book_;
  Sink sink_;
  std::function<void()> visit_began_ = [] {};
  Sink alert_changed_ = [](const Alert&) {};
  Answered answered_ = [](const Visit&, const Actor&) { return Status{}; };
  std::function<WallTime()> clock_;
  bool tokens_always_ = false;
  std::map<CustomerId, ExtendedVisit> unwritten_;  // ends that are not in the store yet
  std::map<CustomerId, WallTime> written_;
  std::vector<std::uint8_t> holdout_key_;
};

}  // namespace maitred
