#include <algorithm>
#include <set>

#include "store_fixture.h"

namespace maitred {
namespace {

using std::chrono::hours;

class CustomersTest : public StoreTest {
 protected:
  CustomersTest() : store_(create()) {}
  CustomerId enrol(const std::string& name, const std::string& loyalty, unsigned seed = 1) {
    return must(store_.customers().enrol(new_customer(name, loyalty, seed), kActor));
  }

  Store store_;
};

TEST_F(CustomersTest, GivesBackWhatWasEnrolled) {
  NewCustomer given = new_customer("Ægir Ünïcode", "L-1");
  given.photos.push_back({1, 2, 3});
  const CustomerId id = must(store_.customers().enrol(given, kActor));
  EXPECT_EQ(id.value.size(), 8U);
  const Customer found = must(store_.customers().find(id));
  EXPECT_EQ(found.profile.name, "Ægir Ünïcode");
  EXPECT_EQ(found.profile.loyalty, "L-1");
  EXPECT_EQ(found.profile.preferences.at("shoe-size"), "fortythree");
  EXPECT_EQ(found.consent.reference, "cabinet-drawer-9");
  EXPECT_EQ(found.consent.scopes, given.consent.scopes);
  EXPECT_EQ(found.enrolled, kNow);
  EXPECT_FALSE(found.last_visit);
  EXPECT_EQ(must(store_.customers().photos(id)).at(0), given.photos[0]);
}

TEST_F(CustomersTest, NamesWhoHasALoyaltyId) {
  const CustomerId first = enrol("One", "ab-17");
  const auto second = store_.customers().enrol(new_customer("Two", "  AB-17 "), kActor);
  ASSERT_EQ(code_of(second), "loyalty_taken");
  EXPECT_NE(second.error().message.find(first.value), std::string::npos);
  EXPECT_EQ(must(store_.customers().count()), 1U);
  EXPECT_EQ(must(store_.customers().by_loyalty("Ab-17")), first);
  EXPECT_EQ(must(store_.customers().by_loyalty("ab-18")), std::nullopt);
}

TEST_F(CustomersTest, ManyMayHaveNoLoyaltyId) {
  enrol("One", "");
  enrol("Two", " ");
  EXPECT_EQ(must(store_.customers().by_loyalty("")), std::nullopt);
}

TEST_F(CustomersTest, ALoyaltyIdIsFreeAgainAfterAnUpdateOrErasure) {
  const CustomerId one = enrol("One", "L1");
  const CustomerId two = enrol("Two", "L2");
  EXPECT_EQ(code_of(store_.customers().update_profile(two, {"Two", "l1", {}}, kActor)),
            "loyalty_taken");
  must(store_.customers().update_profile(one, {"Uno", "L3", {}}, kActor));
  EXPECT_EQ(must(store_.customers().find(one)).profile.name, "Uno");
  must(store_.customers().update_profile(two, {"Two", "L1", {}}, kActor));
  EXPECT_EQ(must(store_.customers().by_loyalty("L1")), two);
  must(store_.forget(two, kActor));
  enrol("Three", "L1");
}

TEST_F(CustomersTest, RefusesWhatCannotBeKept) {
  const auto rows = must(store_.check());
  const auto refused = [&](Profile profile) {
    NewCustomer customer = new_customer("x", "");
    customer.profile = std::move(profile);
    return code_of(store_.customers().enrol(customer, kActor));
  };
  EXPECT_EQ(refused({"", "", {}}), "field_invalid");
  EXPECT_EQ(refused({" ", "", {}}), "field_invalid");
  EXPECT_EQ(refused({std::string(201, 'n'), "", {}}), "field_invalid");
  EXPECT_EQ(refused({"n", std::string(101, 'l'), {}}), "field_invalid");
  EXPECT_EQ(refused({"\xff\xfe", "", {}}), "field_invalid");
  EXPECT_EQ(refused({"n", "", {{"", "v"}}}), "field_invalid");
  EXPECT_EQ(must(store_.customers().count()), 0U);
  EXPECT_EQ(must(store_.check()), rows);
}

TEST_F(CustomersTest, UnknownIdsAreSaidSoAndNamesAreNotRepeated) {
  EXPECT_EQ(code_of(store_.customers().find(CustomerId("abcdefgh"))), "unknown_customer");
  const auto by_name = store_.customers().find(CustomerId("Some Body"));
  ASSERT_EQ(code_of(by_name), "unknown_customer");
  EXPECT_EQ(by_name.error().message.find("Some"), std::string::npos);
  EXPECT_EQ(code_of(store_.forget(CustomerId("abcdefgh"), kActor)), "unknown_customer");
  EXPECT_EQ(code_of(store_.customers().add_ask(CustomerId(""), {0, "x", "", kNow, true}, kActor)),
            "unknown_customer");
  EXPECT_EQ(code_of(store_.withdraw(CustomerId("x"), kActor)), "unknown_customer");
  EXPECT_EQ(code_of(store_.customers().templates(CustomerId("x"))), "unknown_customer");
}

TEST_F(CustomersTest, ListsInOrderOfEnrolment) {
  enrol("One", "L1");
  enrol("Two", "");
  const auto list = must(store_.customers().list());
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name, "One");
  EXPECT_EQ(list[0].loyalty, "L1");
  EXPECT_EQ(list[1].name, "Two");
  std::vector<std::string> names;
  must(store_.customers().for_each([&](Customer&& one) { names.push_back(one.profile.name); }));
  EXPECT_EQ(names, (std::vector<std::string>{"One", "Two"}));
}

TEST_F(CustomersTest, KeepsTheHistoryOfConsent) {
  const CustomerId id = enrol("One", "");
  Consent renewed = consent_to({Scope::kRecognition});
  renewed.version = "8";
  must(store_.customers().set_consent(id, renewed, kActor, "renewed"));
  EXPECT_EQ(must(store_.customers().find(id)).consent.version, "8");
  const auto history = must(store_.customers().consent_history(id));
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].version, "textversion7");
}

TEST_F(CustomersTest, NumbersAndClosesAsks) {
  const CustomerId id = enrol("One", "");
  const Ask first =
      must(store_.customers().add_ask(id, {9, "trail shoes", "S1", kNow, true}, kActor));
  EXPECT_EQ(first.number, 1U);
  EXPECT_EQ(must(store_.customers().close_asks(id, kActor)), 1U);
  must(store_.customers().add_ask(id, {0, "socks", "", kNow, true}, kActor));
  auto asks = must(store_.customers().find(id)).asks;
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_FALSE(asks[0].open);
  EXPECT_TRUE(asks[1].open);
  EXPECT_EQ(asks[0].text, "trail shoes");
  EXPECT_EQ(code_of(store_.customers().close_asks(CustomerId("nope"), kActor)), "unknown_customer");
  EXPECT_EQ(must(store_.customers().close_asks(id, kActor)), 1U);
  EXPECT_EQ(must(store_.customers().close_asks(id, kActor)), 0U);
}

TEST_F(CustomersTest, KeepsPurchasesAndAppointments) {
  const CustomerId id = enrol("One", "");
  must(store_.customers().add_purchase(id, {0, "SKU-1", "out_of_stock", kNow}, kActor));
  must(store_.customers().add_purchase(id, {0, "SKU-2", "bought", kNow}, kActor));
  must(store_.customers().add_appointment(id, {0, kNow + hours(24), "Advisor"}, kActor));
  const Customer found = must(store_.customers().find(id));
  ASSERT_EQ(found.purchases.size(), 2U);
  EXPECT_EQ(found.purchases[1].number, 2U);
  EXPECT_EQ(found.purchases[0].status, "out_of_stock");
  ASSERT_EQ(found.appointments.size(), 1U);
  EXPECT_EQ(found.appointments[0].at, kNow + hours(24));
  EXPECT_EQ(code_of(store_.customers().add_ask(id, {0, "", "", kNow, true}, kActor)),
            "field_invalid");
}

TEST_F(CustomersTest, TemplatesMatchRotatedProbesAsIfNothingHadBeenRotated) {
  const CustomerId one = enrol("One", "", 1);
  const CustomerId two = enrol("Two", "", 2);
  const Template probe = made_up_template(3);
  const Template rotated = store_.rotation().rotate(probe);
  for (const CustomerId& id : {one, two}) {
    const std::vector<Template> kept = must(store_.customers().templates(id));
    ASSERT_EQ(kept.size(), 1U);
    const Template plain = made_up_template(id == one ? 1 : 2);
    EXPECT_NEAR(similarity(kept[0], rotated).value, similarity(plain, probe).value, 1e-5);
    EXPECT_LT(std::abs(similarity(kept[0], plain).value), 0.5F);
  }
}

// Whatever came later and so stands elsewhere in the file, all is read as by one at a time.
TEST_F(CustomersTest, WalkFindsWhatOneByOneFinds) {
  std::vector<CustomerId> ids;
  for (unsigned i = 0; i < 12; ++i) {
    NewCustomer given = new_customer("Name " + std::to_string(i), "", i);
    if (i % 3 == 0) given.templates.push_back(made_up_template(100 + i));
    if (i % 4 == 0) given.templates.push_back(made_up_template(200 + i, "sface"));
    ids.push_back(must(store_.customers().enrol(given, kActor)));
    // Of those who came before.
    if (i == 5) {
      Consent renewed = consent_to({Scope::kRecognition});
      renewed.version = "8";
      must(store_.customers().set_consent(ids[2], renewed, kActor, "renewed"));
    }
    std::vector<Template> fresh;
    fresh.push_back(made_up_template(300 + i));
    if (i == 7) must(store_.customers().replace_templates(ids[4], fresh, kActor));
    if (i == 8) {
      must(store_.customers().replace_templates(ids[8], fresh, kActor,
                                                Customers::OtherEngines::kGo));
    }
    if (i == 9) {
      must(
          store_.customers().learn_template(ids[6], store_.rotation().rotate(fresh[0]), 3, kActor));
    }
    if (i == 10) must(store_.forget(ids[1], kActor));
  }
  ids.erase(ids.begin() + 1);
  for (const char* engine : {"retail", "sface", "dlib"}) {
    auto id = ids.begin();
    must(store_.customers().for_each_with_templates(
        engine, [&](Customer&& customer, std::vector<Template>&& templates) -> Status {
          EXPECT_EQ(customer.id, *id++);
          const Customer found = must(store_.customers().find(customer.id));
          EXPECT_EQ(customer.profile.name, found.profile.name);
          EXPECT_EQ(customer.consent.version, found.consent.version);
          std::vector<Template> all = must(store_.customers().templates(customer.id));
          std::erase_if(all, [&](const Template& one) { return one.engine() != engine; });
          EXPECT_EQ(templates.size(), all.size()) << customer.profile.name;
          for (std::size_t i = 0; i < std::min(all.size(), templates.size()); ++i) {
            EXPECT_TRUE(std::ranges::equal(templates[i].values(), all[i].values()));
          }
          return {};
        }));
    EXPECT_EQ(id, ids.end());
  }
  int visited = 0;
  EXPECT_EQ(code_of(store_.customers().for_each_with_templates(
                "retail",
                [&](Customer&&, std::vector<Template>&&) -> Status {
                  if (++visited < 3) return {};
                  return input_error("enough", "enough");
                })),
            "enough");
  EXPECT_EQ(visited, 3);
}

TEST_F(CustomersTest, ReplacesTheTemplatesOfOneEngine) {
  NewCustomer given = new_customer("One", "");
  given.templates.push_back(made_up_template(2));
  given.templates.push_back(made_up_template(3, "sface"));
  const CustomerId id = must(store_.customers().enrol(given, kActor));
  std::vector<Template> fresh;
  fresh.push_back(made_up_template(4));
  must(store_.customers().replace_templates(id, fresh, kActor));
  const auto kept = must(store_.customers().templates(id));
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].engine(), "sface");
  EXPECT_NEAR(similarity(kept[1], store_.rotation().rotate(fresh[0])).value, 1.0F, 1e-5);
}

TEST_F(CustomersTest, SaysWhoseTimeIsOver) {
  const CustomerId stays = enrol("Stays", "");
  const CustomerId visited = enrol("Visited", "");
  must(store_.visits().commit_arrival(arrival_of(visited, false, kNow + hours(100)), always,
                                      kActor));
  NewCustomer short_term = new_customer("Expires", "");
  short_term.consent.expires = kNow + hours(1);
  const CustomerId expires = must(store_.customers().enrol(short_term, kActor));

  const auto due = [&](WallTime now, std::optional<Milliseconds> after_withdrawal = {}) {
    std::vector<CustomerId> ids;
    for (const CustomerSummary& one : must(store_.customers().list())) {
      if (is_due(one, now, {hours(50), after_withdrawal})) ids.push_back(one.id);
    }
    return ids;
  };
  EXPECT_TRUE(due(kNow).empty());
  EXPECT_EQ(due(kNow + hours(2)), std::vector<CustomerId>{expires});
  EXPECT_EQ(due(kNow + hours(60)), (std::vector<CustomerId>{stays, expires}));
  must(store_.withdraw(visited, kActor));
  EXPECT_TRUE(due(kNow).empty());
  EXPECT_EQ(due(kNow + hours(1) - Milliseconds(1), hours(0)), std::vector<CustomerId>{visited});
}

TEST_F(CustomersTest, AreListedInPages) {
  std::vector<CustomerId> ids;
  for (const char* name : {"One", "Two", "Three", "Four", "Five"}) ids.push_back(enrol(name, ""));
  must(store_.forget(ids[1], kActor));
  std::vector<std::string> names;
  CustomerPage page{0, 2};
  for (;;) {
    const auto some = must(store_.customers().list(page));
    EXPECT_LE(some.size(), 2U);
    if (some.empty()) break;
    for (const CustomerSummary& one : some) names.push_back(one.name);
    page.after = some.back().row;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"One", "Three", "Four", "Five"}));
}

TEST_F(CustomersTest, SettingsAreKept) {
  EXPECT_EQ(must(store_.setting("k")), std::nullopt);
  const std::vector<std::uint8_t> value{1, 2, 3};
  must(store_.set_setting("k", value));
  must(store_.set_setting("k", value));
  EXPECT_EQ(must(store_.setting("k")), value);
}

TEST_F(CustomersTest, GroupedCallsAreUndoneTogether) {
  const auto stopped = store_.together([&]() -> Status {
    enrol("One", "");
    return input_error("stop", "enough");
  });
  EXPECT_EQ(code_of(stopped), "stop");
  EXPECT_EQ(must(store_.customers().count()), 0U);
  must(store_.together([&]() -> Status {
    const CustomerId id = enrol("Two", "L2");
    const auto inner = store_.customers().enrol(new_customer("Three", "L2"), kActor);
    EXPECT_EQ(code_of(inner), "loyalty_taken");
    return store_.customers().update_profile(id, {"Deux", "L2", {}}, kActor);
  }));
  EXPECT_EQ(must(store_.customers().list()).at(0).name, "Deux");
  must(store_.check());
}

}  // namespace
}  // namespace maitred
