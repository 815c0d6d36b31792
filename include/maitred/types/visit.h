// Matches, visits and alerts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/customer.h"
#include "maitred/types/ids.h"
#include "maitred/types/template.h"

namespace maitred {

enum class Confidence { kMedium, kHigh };

// The decision that a track is this customer.
struct Match {
  CustomerId customer;
  std::string camera;
  TrackId track;
  WallTime first_seen{};
  WallTime at{};
  std::optional<Milliseconds> position;  // file sources only
  Confidence confidence = Confidence::kMedium;
};

enum class Outcome { kOpen, kServed, kDeclined, kWrongPerson, kNotFound, kExpired, kWithdrawn };

struct Visit {
  VisitId id;
  CustomerId customer;
  std::string camera;  // where it began
  WallTime start{};
  WallTime end{};  // when the customer was last seen
  Outcome outcome = Outcome::kOpen;
  std::string note;      // by the member of staff who closed it
  bool holdout = false;  // without an alert, for the experiment
};

// Staff who get an alert first. An empty field does not restrict; if all are empty, everyone gets
// it.
struct Audience {
  std::string skill{};
  std::string zone{};
  bool managers = false;

  bool everyone() const { return skill.empty() && zone.empty() && !managers; }
};

enum class Priority { kLow, kNormal, kHigh };

enum class Reason { kAsk, kAppointment, kLoyalty, kArrival };
enum class AlertState { kNew, kEscalated, kClaimed, kClosed, kExpired, kWithdrawn };

// The part of a customer's data that staff see: only fields within the consent scopes.
struct CustomerView {
  CustomerId id;
  std::string name;
  std::string loyalty;
  std::map<std::string, std::string> preferences;
  std::vector<Ask> asks;         // open ones
  std::vector<Purchase> recent;  // newest first; empty without the history scope
  std::string tier{};
  std::string note{};
  std::vector<Appointment> appointments{};  // due about now, nearest first
};

// The alert of a visit. `seq` is that of its newest event: every change of state takes a new seq.
struct Alert {
  std::uint64_t seq = 0;
  VisitId visit;
  AlertState state = AlertState::kNew;
  WallTime at{};
  WallTime expires{};
  std::string camera;
  std::string headline;
  Reason reason = Reason::kArrival;
  CustomerView customer;
  Confidence confidence = Confidence::kMedium;
  std::optional<Milliseconds> position;
  int escalation = 0;                // 0: first call, 1: all staff, 2: managers
  std::string by;                    // name of who claimed it
  Outcome outcome = Outcome::kOpen;  // once it is closed
  std::string rule{};                // the rule that raised it; empty without rules
  Priority priority = Priority::kNormal;
  Audience audience{};
};

// True for closed, expired and withdrawn: no answer is awaited.
bool is_over(AlertState state);

// The words of these values in the store, on the wire and on the command line.
std::string_view word(Confidence confidence);
std::string_view word(Outcome outcome);  // "open", "served", "wrong_person", ...
std::string_view word(Reason reason);
std::string_view word(AlertState state);
std::string_view word(Priority priority);  // "low", "normal", "high"
std::optional<Outcome> outcome_from_word(std::string_view text);
std::optional<AlertState> alert_state_from_word(std::string_view text);
std::optional<Reason> reason_from_word(std::string_view text);
std::optional<Confidence> confidence_from_word(std::string_view text);
std::optional<Priority> priority_from_word(std::string_view text);

}  // namespace maitred
