// Rules of consent: who may be recognised, for which purpose, until when. Pure; time is an
// argument.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/types/customer.h"
#include "maitred/types/visit.h"

namespace maitred {

// Longest version, reference and incentive, in bytes.
inline constexpr std::size_t kLongestConsentField = 200;
// Maximum numbers of entries in a view, so that an alert fits into a line of the protocol.
inline constexpr std::size_t kRecentPurchases = 10;
inline constexpr std::size_t kShownAsks = 10;
inline constexpr std::size_t kShownAppointments = 4;

// True if the consent covers `scope` at `now`: it is neither withdrawn nor expired, and was given
// for recognition and for `scope`. The time of granting is not compared with `now`, because for a
// recording `now` is the time of the recording.
bool may(const Consent& consent, Scope scope, WallTime now);

// Checks that an enrolment may rest on this consent. Errors, all kInput:
// - consent_missing: no version, or no reference to the evidence
// - consent_invalid: recognition is not among the scopes, a field is too long or is not plain
//   text, or the consent is already withdrawn
// - consent_expired: `expires` is not in the future
Status check_new_consent(const Consent& consent, WallTime now);

// The changes of a renewal; fields that are not given stay. Version and reference go together.
struct ConsentRenewal {
  std::string version;
  std::string reference;
  std::optional<std::set<Scope>> scopes;
  std::optional<WallTime> expires;
  std::optional<std::string> incentive;
};

// Returns the consent granted again at `now`. A withdrawn consent may be renewed with a version and
// a reference of its own. The old term does not carry over: without `expires`, the new consent has
// no end. Errors as check_new_consent.
Result<Consent> renew_consent(const Consent& old, const ConsentRenewal& renewal, WallTime now);

// Returns what staff may see of a customer at `now`:
// - recognition covers name, loyalty id and tier, note, preferences, the first kShownAsks open
// asks,
//   and the appointments that are due about `now` (kAppointmentWindow), the nearest first. Without
//   it, the view holds the id alone.
// - history covers the recent purchases, newest first, at most kRecentPurchases.
CustomerView view_within_consent(const Customer& customer, WallTime now);

}  // namespace maitred
