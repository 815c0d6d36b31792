// Who may be recognised, for what purpose, until when. Pure: time comes in as an argument.
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
// Purchases and open asks a view shows at most, so that an alert fits a line of the protocol.
inline constexpr std::size_t kRecentPurchases = 10;
inline constexpr std::size_t kShownAsks = 10;
inline constexpr std::size_t kShownAppointments = 4;

// True while the consent covers `scope`: neither withdrawn nor expired at `now`, and given for
// recognition and for `scope`. The moment of granting is not compared with `now`, which for a
// recording is the time of the recording.
bool may(const Consent& consent, Scope scope, WallTime now);

// Whether an enrolment may rest on this consent. Errors, all kInput:
// - consent_missing: no version, or no reference to the evidence
// - consent_invalid: recognition is not among the scopes, a field is too long or is not plain
//   text, or the consent is withdrawn already
// - consent_expired: `expires` is not in the future
Status check_new_consent(const Consent& consent, WallTime now);

// What a renewal changes; what is not given stays. Version and reference go together.
struct ConsentRenewal {
  std::string version;
  std::string reference;
  std::optional<std::set<Scope>> scopes;
  std::optional<WallTime> expires;
  std::optional<std::string> incentive;
};

// The consent granted anew at `now`; a withdrawn one may be renewed, with a text and a reference of
// its own. The old term does not carry over: without `expires` the new consent has none. Errors as
// check_new_consent.
Result<Consent> renew_consent(const Consent& old, const ConsentRenewal& renewal, WallTime now);

// What staff may see of a customer at `now`:
// - recognition covers name, loyalty id and tier, note, preferences, the open asks, which are what
//   the customer asked the shop for, the first kShownAsks of them, and the appointments that are
//   due about `now` (kAppointmentWindow), the nearest first; without it the view holds the id alone
// - history covers the recent purchases, newest first, at most kRecentPurchases
CustomerView view_within_consent(const Customer& customer, WallTime now);

}  // namespace maitred
