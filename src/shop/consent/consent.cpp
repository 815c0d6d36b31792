#include "maitred/shop/consent/consent.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace maitred {
namespace {

Status check_field(std::string_view name, std::string_view value) {
  if (value.size() > kLongestConsentField) {
    return input_error("consent_invalid", fmt::format("the consent's {} is longer than {} bytes",
                                                      name, kLongestConsentField));
  }
  const auto is_control = [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
  };
  if (std::any_of(value.begin(), value.end(), is_control)) {
    return input_error("consent_invalid",
                       fmt::format("the consent's {} must be one line of plain text", name));
  }
  return {};
}

bool blank(std::string_view text) { return text.find_first_not_of(' ') == std::string_view::npos; }

}  // namespace

bool may(const Consent& consent, Scope scope, WallTime now) {
  if (consent.withdrawn.has_value()) return false;
  if (consent.expires.has_value() && now >= *consent.expires) return false;
  return consent.scopes.contains(Scope::kRecognition) && consent.scopes.contains(scope);
}

Status check_new_consent(const Consent& consent, WallTime now) {
  if (blank(consent.version)) {
    return input_error(
        "consent_missing",
        "no consent: give the version of the text that the customer agreed to (--consent-version)");
  }
  if (blank(consent.reference)) {
    return input_error("consent_missing",
                       "no consent: give the place where the evidence is kept (--consent-ref)");
  }
  MAITRED_TRY(check_field("version", consent.version));
  MAITRED_TRY(check_field("reference", consent.reference));
  MAITRED_TRY(check_field("incentive", consent.incentive));
  MAITRED_TRY(check_field("purpose", consent.purpose));
  MAITRED_TRY(check_field("channel", consent.channel));
  MAITRED_TRY(check_field("operator", consent.taken_by));
  if (!consent.scopes.contains(Scope::kRecognition)) {
    return input_error("consent_invalid",
                       "the consent does not cover recognition, which enrolment requires: add the "
                       "scope recognition");
  }
  if (consent.withdrawn.has_value()) {
    return input_error("consent_invalid", "the consent is already withdrawn");
  }
  if (consent.expires.has_value() && *consent.expires <= now) {
    return input_error("consent_expired", fmt::format("the consent expired {}: give a later date",
                                                      format_time(*consent.expires)));
  }
  return {};
}

Result<Consent> renew_consent(const Consent& old, const ConsentRenewal& renewal, WallTime now) {
  Consent renewed = old;
  const bool same_text = renewal.version.empty() && renewal.reference.empty();
  if (!same_text || old.withdrawn) {
    renewed.version = renewal.version;
    renewed.reference = renewal.reference;
  }
  if (renewal.scopes.has_value()) renewed.scopes = *renewal.scopes;
  if (renewal.incentive.has_value()) renewed.incentive = *renewal.incentive;
  renewed.granted = now;
  renewed.expires = renewal.expires;
  renewed.withdrawn.reset();
  MAITRED_TRY(check_new_consent(renewed, now));
  return renewed;
}

CustomerView view_within_consent(const Customer& customer, WallTime now) {
  CustomerView view;
  view.id = customer.id;
  if (!may(customer.consent, Scope::kRecognition, now)) return view;
  view.name = customer.profile.name;
  view.loyalty = customer.profile.loyalty;
  view.tier = customer.profile.tier;
  view.note = customer.profile.note;
  view.preferences = customer.profile.preferences;
  std::copy_if(customer.asks.begin(), customer.asks.end(), std::back_inserter(view.asks),
               [](const Ask& ask) { return ask.open; });
  if (view.asks.size() > kShownAsks) view.asks.resize(kShownAsks);
  const auto away = [now](const Appointment& one) { return std::chrono::abs(one.at - now); };
  std::copy_if(customer.appointments.begin(), customer.appointments.end(),
               std::back_inserter(view.appointments),
               [&](const Appointment& one) { return away(one) <= kAppointmentWindow; });
  std::stable_sort(view.appointments.begin(), view.appointments.end(),
                   [&](const auto& a, const auto& b) { return away(a) < away(b); });
  if (view.appointments.size() > kShownAppointments) view.appointments.resize(kShownAppointments);
  if (!may(customer.consent, Scope::kHistory, now)) return view;
  view.recent = customer.purchases;
  std::stable_sort(view.recent.begin(), view.recent.end(),
                   [](const Purchase& a, const Purchase& b) { return a.date > b.date; });
  if (view.recent.size() > kRecentPurchases) view.recent.resize(kRecentPurchases);
  return view;
}

}  // namespace maitred
