// Data of a customer. Every field is personal data: sealed at rest, never logged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/caution.h"
#include "maitred/types/ids.h"
#include "maitred/types/template.h"

namespace maitred {

// What a customer agreed to. Recognition is the minimum; the others add to it.
enum class Scope { kRecognition, kHistory, kFeedback, kSentiment, kTemplateImprovement, kPhotos };

// "recognition", "history", "feedback", "sentiment", "template-improvement", "photos".
std::string_view scope_name(Scope scope);
std::optional<Scope> scope_from_name(std::string_view name);

struct Consent {
  std::string version;    // of the text agreed to
  std::string reference;  // where the evidence is
  std::set<Scope> scopes;
  std::string incentive;  // given to the customer in return; may be empty
  WallTime granted{};
  std::optional<WallTime> expires;
  std::optional<WallTime> withdrawn;
  std::string purpose{};   // in the shop's words; may be empty
  std::string channel{};   // how it was given: "paper form", "tablet"; may be empty
  std::string taken_by{};  // who took it; may be empty
};

struct Ask {                 // an open request for advice
  std::uint64_t number = 0;  // of this customer, from 1
  std::string text;
  std::string item;  // SKU; may be empty
  WallTime at{};
  bool open = true;        // closed when a visit ends "served"
  std::string external{};  // id in the system it came from; may be empty
};

struct Purchase {
  std::uint64_t number = 0;
  std::string item;
  std::string status;  // bought, out_of_stock or returned
  WallTime date{};
  std::string external{};  // id in the system it came from; may be empty
};

struct Appointment {
  std::uint64_t number = 0;
  WallTime at{};
  std::string with;
  std::string external{};  // id in the system it came from; may be empty
};

// A customer is expected to come for an appointment that is no further than this from now.
inline constexpr Milliseconds kAppointmentWindow = std::chrono::hours{2};

struct Profile {
  std::string name;
  std::string loyalty;  // id in a loyalty programme; may be empty; unique in the store
  std::map<std::string, std::string> preferences;
  std::string tier{};      // in the loyalty programme; may be empty
  std::string note{};      // for staff; may be empty
  std::string external{};  // id in the system the customer came from; may be empty
};

// Everything but templates and photos.
struct Customer {
  CustomerId id;
  Profile profile;
  Consent consent;
  WallTime enrolled{};
  std::optional<WallTime> last_visit;
  std::vector<Ask> asks;
  std::vector<Purchase> purchases;
  std::vector<Appointment> appointments;
  Caution caution{};
};

}  // namespace maitred
