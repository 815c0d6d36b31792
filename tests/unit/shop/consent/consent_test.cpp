#include "maitred/shop/consent/consent.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using std::chrono::hours;

const WallTime kNow = *parse_time("2026-11-22T10:15:03.120Z");

Consent good_consent() {
  Consent consent;
  consent.version = "2026-1";
  consent.reference = "form 17";
  consent.scopes = {Scope::kRecognition};
  consent.granted = kNow;
  consent.expires = kNow + hours(24);
  return consent;
}

std::string refusal(const Consent& consent) {
  const Status status = check_new_consent(consent, kNow);
  return status ? "" : status.error().code;
}

TEST(May, CoversOnlyTheScopesGiven) {
  const Consent consent = good_consent();
  EXPECT_TRUE(may(consent, Scope::kRecognition, kNow));
  EXPECT_FALSE(may(consent, Scope::kHistory, kNow));
}

TEST(May, EndsAtTheMomentOfExpiry) {
  const Consent consent = good_consent();
  EXPECT_TRUE(may(consent, Scope::kRecognition, *consent.expires - Milliseconds(1)));
  EXPECT_FALSE(may(consent, Scope::kRecognition, *consent.expires));
}

TEST(May, NeverExpiresWithoutATerm) {
  Consent consent = good_consent();
  consent.expires.reset();
  EXPECT_TRUE(may(consent, Scope::kRecognition, kNow + hours(24 * 36500)));
}

TEST(May, NothingAfterWithdrawal) {
  Consent consent = good_consent();
  consent.scopes.insert(Scope::kHistory);
  consent.withdrawn = kNow;
  EXPECT_FALSE(may(consent, Scope::kRecognition, kNow + hours(1)));
  EXPECT_FALSE(may(consent, Scope::kHistory, kNow - hours(1)));
}

TEST(May, NoScopeCountsWithoutRecognition) {
  Consent consent = good_consent();
  consent.scopes = {Scope::kHistory};
  EXPECT_FALSE(may(consent, Scope::kHistory, kNow));
}

TEST(NewConsent, AcceptsAGoodOne) { EXPECT_EQ(refusal(good_consent()), ""); }

TEST(NewConsent, NeedsVersionAndReference) {
  Consent consent = good_consent();
  consent.version = "";
  EXPECT_EQ(refusal(consent), "consent_missing");
  consent = good_consent();
  consent.reference = "  ";
  EXPECT_EQ(refusal(consent), "consent_missing");
}

TEST(NewConsent, RefusesWhatDoesNotCoverRecognition) {
  Consent consent = good_consent();
  consent.scopes = {Scope::kHistory, Scope::kFeedback};
  EXPECT_EQ(refusal(consent), "consent_invalid");
}

TEST(NewConsent, RefusesATermThatIsOver) {
  Consent consent = good_consent();
  consent.expires = kNow;
  EXPECT_EQ(refusal(consent), "consent_expired");
}

TEST(NewConsent, RefusesAWithdrawnOneAndOddText) {
  Consent consent = good_consent();
  consent.withdrawn = kNow;
  EXPECT_EQ(refusal(consent), "consent_invalid");
  consent = good_consent();
  consent.incentive = std::string(kLongestConsentField + 1, 'x');
  EXPECT_EQ(refusal(consent), "consent_invalid");
  consent = good_consent();
  for (const char* reference : {"form\n17", "form\x7f"}) {
    consent.reference = reference;
    EXPECT_EQ(refusal(consent), "consent_invalid");
  }
}

TEST(Renewal, RevivesAWithdrawnConsentAndKeepsItsScopes) {
  Consent old = good_consent();
  old.scopes.insert(Scope::kHistory);
  old.withdrawn = kNow - hours(1);
  const auto renewed = renew_consent(old, {"2026-2", "form 18", {}, {}, {}}, kNow);
  ASSERT_TRUE(renewed);
  EXPECT_TRUE(may(*renewed, Scope::kHistory, kNow));
  EXPECT_EQ(renewed->version, "2026-2");
  EXPECT_EQ(renewed->granted, kNow);
  EXPECT_FALSE(renewed->expires);
}

TEST(Renewal, WithoutATextGoesOnUnderTheOldOneUnlessItWasWithdrawn) {
  const Consent old = good_consent();
  const auto renewed = renew_consent(old, {}, kNow);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed->version, old.version);
  EXPECT_EQ(renewed->reference, old.reference);
  EXPECT_EQ(renewed->granted, kNow);
  Consent withdrawn = old;
  withdrawn.withdrawn = kNow;
  const auto anew = renew_consent(withdrawn, {}, kNow);
  ASSERT_FALSE(anew);
  EXPECT_EQ(anew.error().code, "consent_missing");
}

TEST(Renewal, IsCheckedLikeANewOne) {
  for (const ConsentRenewal& half :
       {ConsentRenewal{"2026-2", "", {}, {}, {}}, ConsentRenewal{"", "form 18", {}, {}, {}}}) {
    const auto renewed = renew_consent(good_consent(), half, kNow);
    ASSERT_FALSE(renewed);
    EXPECT_EQ(renewed.error().code, "consent_missing");
  }
}

TEST(Renewal, TakesNewScopesAndANewIncentive) {
  const std::set<Scope> scopes = {Scope::kRecognition, Scope::kFeedback};
  const auto renewed = renew_consent(good_consent(), {"", "", scopes, {}, "a voucher"}, kNow);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed->scopes, scopes);
  EXPECT_EQ(renewed->incentive, "a voucher");
}

TEST(Withdrawal, EndsEveryScope) {
  Consent withdrawn = good_consent();
  withdrawn.withdrawn = kNow;
  for (const Scope scope : withdrawn.scopes) EXPECT_FALSE(may(withdrawn, scope, kNow));
}

Customer known_customer() {
  Customer customer;
  customer.id = CustomerId("abcdefgh");
  customer.profile = {"A. Name", "L-1", {{"shoe", "43"}}};
  customer.consent = good_consent();
  customer.asks = {{1, "trail shoes", "SKU1", kNow, true}, {2, "socks", "", kNow, false}};
  for (std::uint64_t day = 0; day < 15; ++day) {
    customer.purchases.push_back(
        {day + 1, "SKU" + std::to_string(day), "bought", kNow + hours(24) * static_cast<int>(day)});
  }
  return customer;
}

TEST(View, ShowsRecognitionButNoHistory) {
  const CustomerView view = view_within_consent(known_customer(), kNow);
  EXPECT_EQ(view.name, "A. Name");
  EXPECT_EQ(view.loyalty, "L-1");
  EXPECT_EQ(view.preferences.at("shoe"), "43");
  ASSERT_EQ(view.asks.size(), 1U);
  EXPECT_EQ(view.asks[0].number, 1U);
  EXPECT_TRUE(view.recent.empty());
}

TEST(View, ShowsTheAppointmentsThatAreDueTheNearestFirst) {
  Customer customer = known_customer();
  customer.appointments = {{1, kNow + hours{48}, "Kim"},
                           {2, kNow + hours{2}, "Alex"},
                           {3, kNow - std::chrono::minutes{10}, "Sam"},
                           {4, kNow - hours{3}, "Jo"}};
  const CustomerView view = view_within_consent(customer, kNow);
  ASSERT_EQ(view.appointments.size(), 2U);
  EXPECT_EQ(view.appointments[0].with, "Sam");
  EXPECT_EQ(view.appointments[1].with, "Alex");
  customer.consent.withdrawn = kNow;
  EXPECT_TRUE(view_within_consent(customer, kNow).appointments.empty());
}

TEST(View, ShowsRecentPurchasesNewestFirstWithinTheHistoryScope) {
  Customer customer = known_customer();
  customer.consent.scopes.insert(Scope::kHistory);
  const CustomerView view = view_within_consent(customer, kNow);
  ASSERT_EQ(view.recent.size(), kRecentPurchases);
  EXPECT_EQ(view.recent.front().number, 15U);
  EXPECT_EQ(view.recent.back().number, 6U);
}

TEST(View, ShowsAFewOfManyAsksAndAppointments) {
  Customer customer = known_customer();
  customer.consent.scopes.insert(Scope::kHistory);
  customer.asks.clear();
  customer.purchases.resize(3);
  for (std::uint64_t number = 1; number <= kShownAsks + 3; ++number) {
    customer.asks.push_back({number, "trail shoes", "", kNow, true});
    customer.appointments.push_back({number, kNow + std::chrono::minutes(number), "Kim"});
  }
  const CustomerView view = view_within_consent(customer, kNow);
  EXPECT_EQ(view.asks.size(), kShownAsks);
  ASSERT_EQ(view.appointments.size(), kShownAppointments);
  EXPECT_EQ(view.appointments.back().number, kShownAppointments);
  EXPECT_EQ(view.recent.size(), 3U);
}

TEST(View, IsEmptyOnceConsentIsGone) {
  Customer customer = known_customer();
  customer.consent.withdrawn = kNow;
  const CustomerView view = view_within_consent(customer, kNow);
  EXPECT_EQ(view.id, customer.id);
  EXPECT_TRUE(view.name.empty() && view.loyalty.empty() && view.preferences.empty());
  EXPECT_TRUE(view.asks.empty() && view.recent.empty());
}

}  // namespace
}  // namespace maitred
