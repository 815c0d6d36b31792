// What each audience sees of a customer, as JSON.
//
//   audience       view                              where it is shown
//   staff          view_within_consent, alert_view   staff protocol, board (shop/desk/alert_view.h)
//   other systems  system_view                       HTTP API (doors/api/openapi.json)
//   admin          admin_view, admin_row, ...        show, list, update, consent, visits
//   the customer   export_view                       export
//
// A view names every field that it shows. So a new member of a type is shown to nobody until a
// view names it. No view is made from another audience's view. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/shop/store/customers.h"
#include "maitred/shop/store/visits.h"
#include "maitred/types/customer.h"
#include "maitred/types/template.h"
#include "maitred/types/visit.h"

namespace maitred {

// A point-of-sale or CRM system sees what the consent covers at `now`. Without recognition: the id,
// and an empty name. Without history: no purchases. Never the consent, what was learned about the
// customer, or when the customer came.
nlohmann::json system_view(const Customer& customer, WallTime now);

// How much is held besides the Customer.
struct HeldCounts {
  std::uint64_t templates = 0;  // all of them, learned ones too
  std::uint64_t photos = 0;
  std::uint64_t learned = 0;  // templates of confirmed visits
};

// The admin runs the shop and sees what is held, whatever the consent covers.
nlohmann::json admin_view(const Customer& customer, const HeldCounts& counts, WallTime now);
nlohmann::json admin_row(const CustomerSummary& customer);
nlohmann::json admin_consent(const Consent& consent, WallTime now);
nlohmann::json admin_visit(const Visit& visit);
// The appointment that the customer comes for at `now`: {"at","with"}, or null.
nlohmann::json due_appointment_json(const Customer& customer, WallTime now);

// Everything that is held on one customer.
struct HeldOnCustomer {
  Customer customer;
  std::vector<Consent> consents;  // oldest first
  std::vector<Visit> visits;
  std::vector<Alert> alerts;
  std::vector<Feedback> feedback;
  std::vector<Template> templates;  // rotated
  std::uint64_t learned = 0;        // templates of confirmed visits
  std::vector<std::vector<std::uint8_t>> photos;
};

// The customer gets everything that is held, whatever the consent covers.
nlohmann::json export_view(const HeldOnCustomer& record, WallTime now);

// "2026-11-22T10:15:03.120Z", or null.
nlohmann::json time_or_null(const std::optional<WallTime>& time);

}  // namespace maitred
