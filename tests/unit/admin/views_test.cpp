// The fields that each audience sees of a customer, as written lists.
//
// Every function filled_...() names all members of one type. If one of them no longer compiles, the
// type has a new member. Then decide who may see it: set the member here, name it in the views
// (maitred/admin/views.h) of those audiences, and add its key to their lists below. A member that
// no view names is shown to nobody.
#include "maitred/admin/views.h"

#include <gmock/gmock.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "maitred/shop/consent/consent.h"
#include "maitred/shop/desk/alert_view.h"

namespace maitred {
namespace {

using nlohmann::json;
using testing::ContainerEq;
using Keys = std::set<std::string>;

const WallTime kNow = WallTime{std::chrono::hours{24 * 20000}};

Consent filled_consent() {
  Consent consent;
  auto& [version, reference, scopes, incentive, granted, expires, withdrawn, purpose, channel,
         taken_by] = consent;
  version = "v1";
  reference = "form 17";
  scopes = {Scope::kRecognition, Scope::kHistory, Scope::kFeedback,
            Scope::kSentiment,   Scope::kPhotos,  Scope::kTemplateImprovement};
  incentive = "5 % off";
  granted = kNow - std::chrono::hours{240};
  expires = kNow + std::chrono::hours{240};
  withdrawn = {};  // a withdrawn consent shows nothing: see below
  purpose = "advice";
  channel = "paper form";
  taken_by = "Sam";
  return consent;
}

Ask filled_ask() {
  Ask ask;
  auto& [number, text, item, at, open, external] = ask;
  number = 1;
  text = "trail shoes";
  item = "TS-43";
  at = kNow;
  open = true;
  external = "web-1";
  return ask;
}

Purchase filled_purchase() {
  Purchase purchase;
  auto& [number, item, status, date, external] = purchase;
  number = 1;
  item = "TS-43";
  status = "bought";
  date = kNow;
  external = "receipt-9";
  return purchase;
}

Appointment filled_appointment() {
  Appointment appointment;
  auto& [number, at, with, external] = appointment;
  number = 1;
  at = kNow;
  with = "Yara";
  external = "book-3";
  return appointment;
}

Profile filled_profile() {
  Profile profile;
  auto& [name, loyalty, preferences, tier, note, external] = profile;
  name = "Ada Example";
  loyalty = "L-1";
  preferences = {{"shoe", "43"}};
  tier = "gold";
  note = "likes tea";
  external = "crm-1";
  return profile;
}

Caution filled_caution() {
  Caution caution;
  auto& [steps, wrong, suspended] = caution;
  steps = 2;
  wrong = {kNow};
  suspended = kNow;
  return caution;
}

Customer filled_customer() {
  Customer customer;
  auto& [id, profile, consent, enrolled, last_visit, asks, purchases, appointments, caution] =
      customer;
  id = CustomerId("c7k2abcd");
  profile = filled_profile();
  consent = filled_consent();
  enrolled = kNow;
  last_visit = kNow;
  asks = {filled_ask()};
  purchases = {filled_purchase()};
  appointments = {filled_appointment()};
  caution = filled_caution();
  return customer;
}

CustomerSummary filled_summary() {
  CustomerSummary summary;
  auto& [id, name, loyalty, enrolled, expires, withdrawn, last_visit, row] = summary;
  id = CustomerId("c7k2abcd");
  name = "Ada Example";
  loyalty = "L-1";
  enrolled = kNow;
  expires = withdrawn = last_visit = kNow;
  row = 7;
  return summary;
}

Visit filled_visit() {
  Visit visit;
  auto& [id, customer, camera, start, end, outcome, note, holdout] = visit;
  id = VisitId("v1");
  customer = CustomerId("c7k2abcd");
  camera = "entrance";
  start = end = kNow;
  outcome = Outcome::kServed;
  note = "size 43";
  holdout = true;
  return visit;
}

// The customer as staff see him. Every member is set, although a real view leaves some empty.
CustomerView filled_staff_view() {
  CustomerView view;
  auto& [id, name, loyalty, preferences, asks, recent, tier, note, appointments] = view;
  id = CustomerId("c7k2abcd");
  name = "Ada Example";
  loyalty = "L-1";
  preferences = {{"shoe", "43"}};
  asks = {filled_ask()};
  recent = {filled_purchase()};
  tier = "gold";
  note = "likes tea";
  appointments = {filled_appointment()};
  return view;
}

Alert filled_alert() {
  Alert alert;
  auto& [seq, visit, state, at, expires, camera, headline, reason, customer, confidence, position,
         escalation, by, outcome, rule, priority, audience] = alert;
  seq = 42;
  visit = VisitId("v1");
  state = AlertState::kClosed;
  at = expires = kNow;
  camera = "entrance";
  headline = "Advisor needed";
  reason = Reason::kAsk;
  customer = filled_staff_view();
  confidence = Confidence::kHigh;
  position = Milliseconds{1500};
  escalation = 1;
  by = "Sam";
  outcome = Outcome::kServed;
  rule = "asks";
  priority = Priority::kHigh;
  audience = Audience{"shoes", "first floor", true};
  return alert;
}

Feedback filled_feedback() {
  Feedback feedback;
  auto& [visit, rating, comment, at] = feedback;
  visit = VisitId("v1");
  rating = 9;
  comment = "quick";
  at = kNow;
  return feedback;
}

HeldOnCustomer filled_record() {
  HeldOnCustomer record;
  auto& [customer, consents, visits, alerts, feedback, templates, learned, photos] = record;
  customer = filled_customer();
  consents = {filled_consent()};
  visits = {filled_visit()};
  alerts = {filled_alert()};
  feedback = {filled_feedback()};
  templates.emplace_back("demo", std::vector<float>{1.0F, 0.0F});
  learned = 1;
  photos = {{0xff, 0xd8}};
  return record;
}

// Each key with the keys around it: "asks[].text".
void add_keys(const json& value, const std::string& around, Keys& keys) {
  if (value.is_array()) {
    for (const json& element : value) add_keys(element, around + "[]", keys);
  } else if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      const std::string path = around.empty() ? key : around + "." + key;
      keys.insert(path);
      add_keys(inner, path, keys);
    }
  }
}

Keys keys_of(const json& value) {
  Keys keys;
  add_keys(value, "", keys);
  return keys;
}

Keys joined(Keys keys, const std::string& around, const Keys& inner) {
  keys.insert(around.substr(0, around.find_last_not_of(".[]") + 1));
  for (const std::string& key : inner) keys.insert(around + key);
  return keys;
}

// The words of `text`.
Keys keys(const std::string& text) {
  std::istringstream words(text);
  return {std::istream_iterator<std::string>(words), {}};
}

const Keys kConsentKeys = keys(
    "version reference scopes incentive purpose channel operator granted expires "
    "withdrawn valid");
const Keys kVisitKeys = keys("visit id camera start end outcome note holdout");
const Keys kStaffCustomerKeys = keys(
    "id name loyalty tier note preferences preferences.shoe asks asks[].text asks[].item "
    "asks[].at recent recent[].item recent[].status recent[].date appointments "
    "appointments[].at appointments[].with");
const Keys kAlertKeys =
    joined(keys("type seq visit state at expires camera headline reason confidence rule priority "
                "position escalation by outcome"),
           "customer.", kStaffCustomerKeys);

TEST(Views, StaffSeeTheseFields) {
  Alert alert = filled_alert();
  EXPECT_THAT(keys_of(to_json(alert)), ContainerEq(kAlertKeys));
  alert.customer = view_within_consent(filled_customer(), kNow);
  EXPECT_THAT(keys_of(to_json(alert)), ContainerEq(kAlertKeys));
}

TEST(Views, OtherSystemsSeeTheseFields) {
  EXPECT_THAT(
      keys_of(system_view(filled_customer(), kNow)),
      ContainerEq(
          keys("id name loyalty tier note external preferences preferences.shoe asks asks[].number "
               "asks[].text asks[].item asks[].at asks[].open purchases purchases[].number "
               "purchases[].item purchases[].status purchases[].date appointments "
               "appointments[].number appointments[].at appointments[].with")));
}

TEST(Views, TheAdminSeesTheseFields) {
  EXPECT_THAT(
      keys_of(admin_view(filled_customer(), HeldCounts{3, 2, 1}, kNow)),
      ContainerEq(joined(
          keys(
              "id name loyalty tier note external preferences preferences.shoe enrolled last_visit "
              "asks asks[].number asks[].text asks[].item asks[].at asks[].open purchases "
              "purchases[].number purchases[].item purchases[].status purchases[].date "
              "appointments "
              "appointments[].number appointments[].at appointments[].with templates photos_kept "
              "templates_learned threshold_steps wrong_answers suspended"),
          "consent.", kConsentKeys)));
  EXPECT_THAT(keys_of(admin_row(filled_summary())),
              ContainerEq(keys("id name loyalty enrolled expires withdrawn last_visit")));
  EXPECT_THAT(keys_of(admin_consent(filled_consent(), kNow)), ContainerEq(kConsentKeys));
  EXPECT_THAT(keys_of(admin_visit(filled_visit())), ContainerEq(kVisitKeys));
  EXPECT_THAT(keys_of(due_appointment_json(filled_customer(), kNow)), ContainerEq(keys("at with")));
}

TEST(Views, TheCustomerGetsTheseFields) {
  Keys wanted = keys(
      "id name loyalty tier note external preferences preferences.shoe enrolled last_visit "
      "asks asks[].number asks[].text asks[].item asks[].at asks[].open asks[].external "
      "purchases purchases[].number purchases[].item purchases[].status purchases[].date "
      "purchases[].external appointments appointments[].number appointments[].at "
      "appointments[].with appointments[].external feedback feedback[].visit "
      "feedback[].rating feedback[].comment feedback[].at templates template_data "
      "template_data[].engine template_data[].rotated template_data[].values "
      "templates_learned photos photos_kept threshold_steps wrong_answers "
      "wrong_answer_times suspended");
  wanted = joined(wanted, "consent.", kConsentKeys);
  wanted = joined(wanted, "consent_history[].", kConsentKeys);
  wanted = joined(wanted, "visits[].", kVisitKeys);
  wanted = joined(wanted, "alerts[].", kAlertKeys);
  EXPECT_THAT(keys_of(export_view(filled_record(), kNow)), ContainerEq(wanted));
}

TEST(Views, AnAlertInTheExportIsWhatStaffSaw) {
  EXPECT_EQ(export_view(filled_record(), kNow)["alerts"][0], to_json(filled_alert()));
  HeldOnCustomer record = filled_record();
  record.alerts = {Alert{}};
  EXPECT_EQ(export_view(record, kNow)["alerts"][0], to_json(Alert{}));
}

TEST(Views, ValuesAreThoseOfTheCustomer) {
  const json view = system_view(filled_customer(), kNow);
  EXPECT_EQ(view["name"], "Ada Example");
  EXPECT_EQ(view["loyalty"], "L-1");
  EXPECT_EQ(view["tier"], "gold");
  EXPECT_EQ(view["note"], "likes tea");
  EXPECT_EQ(view["external"], "crm-1");
  EXPECT_EQ(view["asks"][0]["text"], "trail shoes");
  EXPECT_EQ(view["purchases"][0]["status"], "bought");
  EXPECT_EQ(view["appointments"][0]["with"], "Yara");
  const json shown = admin_view(filled_customer(), HeldCounts{3, 2, 1}, kNow);
  EXPECT_EQ(shown["templates"], 3);
  EXPECT_EQ(shown["photos_kept"], 2);
  EXPECT_EQ(shown["templates_learned"], 1);
  EXPECT_EQ(shown["threshold_steps"], 2);
  EXPECT_EQ(shown["wrong_answers"], 1);
  EXPECT_EQ(shown["consent"]["scopes"].size(), 6U);
  EXPECT_EQ(shown["consent"]["valid"], true);
}

TEST(Views, SystemsSeePurchasesOnlyWithScopeHistory) {
  Customer customer = filled_customer();
  customer.consent.scopes.erase(Scope::kHistory);
  const json view = system_view(customer, kNow);
  EXPECT_FALSE(view.contains("purchases"));
  EXPECT_EQ(view["asks"].size(), 1U);
  EXPECT_TRUE(view_within_consent(customer, kNow).recent.empty());
  EXPECT_EQ(admin_view(customer, {}, kNow)["purchases"].size(), 1U);
}

TEST(Views, SystemsSeeOnlyTheIdWithoutAValidConsent) {
  const json bare = {{"id", "c7k2abcd"}, {"name", ""}};
  Customer customer = filled_customer();
  customer.consent.withdrawn = kNow;
  EXPECT_EQ(system_view(customer, kNow), bare);
  customer.consent.withdrawn.reset();
  EXPECT_EQ(system_view(customer, *customer.consent.expires), bare);
  customer.consent.scopes.erase(Scope::kRecognition);
  EXPECT_EQ(system_view(customer, kNow), bare);
  const json held = admin_view(customer, {}, kNow);
  EXPECT_EQ(held["name"], "Ada Example");
  EXPECT_EQ(held["consent"]["valid"], false);
}

TEST(Views, AKeyThatAnImportMadeUpIsNotShown) {
  HeldOnCustomer record = filled_record();
  record.customer.profile.external = "row:0123";
  record.customer.asks[0].external = "row:4567";
  EXPECT_EQ(system_view(record.customer, kNow)["external"], "");
  EXPECT_EQ(admin_view(record.customer, {}, kNow)["external"], "");
  const json exported = export_view(record, kNow);
  EXPECT_EQ(exported["external"], "");
  EXPECT_EQ(exported["asks"][0]["external"], "");
}

}  // namespace
}  // namespace maitred
