// The shop as a whole: names of customers, and what an answer of staff teaches.
#include "maitred/shop/desk/shop.h"

#include "desk_fixture.h"

namespace maitred {
namespace {

class ShopTest : public DeskTest {
 protected:
  Recognition& recognition() { return *taken(shop_->recognition()); }
  CustomerId enrol_known(std::size_t number, const std::string& loyalty,
                         const std::string& external) {
    const CustomerId id = enrol(number, {Scope::kRecognition, Scope::kTemplateImprovement});
    Profile profile = taken(store().customers().find(id)).profile;
    profile.loyalty = loyalty;
    profile.external = external;
    EXPECT_EQ(error_of(store().customers().update_profile(id, profile, kAdmin)), "");
    EXPECT_EQ(error_of(shop_->customer_changed(id)), "");
    return id;
  }
  // The customer walks in, is recognised, and staff close the visit.
  void visit(std::size_t number, Outcome outcome) {
    const auto matches =
        taken(recognition().observe("entrance", sighting(++track_, face(number), kMorning)));
    ASSERT_EQ(matches.size(), 1U);
    ASSERT_EQ(error_of(shop_->desk().arrive(matches[0])), "");
    const auto open = taken(shop_->desk().open_alerts(0));
    ASSERT_EQ(open.size(), 1U);
    taken(shop_->desk().close(open[0].visit, outcome, "", "Sam"));
  }
  std::uint64_t track_ = 0;
};

TEST_F(ShopTest, ACustomerIsNamedByAnyOfThreeIds) {
  const CustomerId one = enrol_known(1, "L-1", "crm-77");
  EXPECT_EQ(taken(shop_->customer_named(one.value)), one);
  EXPECT_EQ(taken(shop_->customer_named("loyalty:l-1")), one);
  EXPECT_EQ(taken(shop_->customer_named("external:crm-77")), one);
  for (const char* nobody : {"loyalty:", "external:", "loyalty:L-2", "external:crm-78", "name:x"}) {
    EXPECT_EQ(error_of(shop_->customer_named(nobody)), "unknown_customer") << nobody;
  }
}

TEST_F(ShopTest, TheIdOfAnotherSystemFollowsEveryChange) {
  const CustomerId one = enrol_known(1, "", "crm-1");
  EXPECT_EQ(taken(shop_->by_external("crm-1")), one);
  const CustomerId two = enrol_known(2, "", "crm-2");
  EXPECT_EQ(taken(shop_->by_external("crm-2")), two);
  Profile profile = taken(store().customers().find(one)).profile;
  profile.external = "crm-9";
  ASSERT_EQ(error_of(store().customers().update_profile(one, profile, kAdmin)), "");
  ASSERT_EQ(error_of(shop_->customer_changed(one)), "");
  EXPECT_EQ(taken(shop_->by_external("crm-1")), std::nullopt);
  EXPECT_EQ(taken(shop_->by_external("crm-9")), one);
  taken(shop_->desk().forget(two, kAdmin));
  ASSERT_EQ(error_of(shop_->customer_changed(two)), "");
  EXPECT_EQ(taken(shop_->by_external("crm-2")), std::nullopt);
}

TEST_F(ShopTest, AServedVisitImprovesTheTemplates) {
  const CustomerId one = enrol(1, {Scope::kRecognition, Scope::kTemplateImprovement});
  visit(1, Outcome::kServed);
  EXPECT_EQ(taken(store().customers().learned_count(one)), 1U);
  EXPECT_TRUE(taken(store().customers().find(one)).caution.none());
}

TEST_F(ShopTest, WithoutTheScopeAServedVisitTeachesNothing) {
  const CustomerId one = enrol(1);
  visit(1, Outcome::kServed);
  EXPECT_EQ(taken(store().customers().learned_count(one)), 0U);
}

TEST_F(ShopTest, AWrongPersonReportRaisesTheThresholdAndTeachesNothing) {
  const CustomerId one = enrol(1, {Scope::kRecognition, Scope::kTemplateImprovement});
  visit(1, Outcome::kWrongPerson);
  EXPECT_EQ(taken(store().customers().learned_count(one)), 0U);
  EXPECT_EQ(taken(store().customers().find(one)).caution.steps, 1U);
  ASSERT_EQ(recognition().cautious().size(), 1U);
  EXPECT_EQ(recognition().cautious()[0].second.steps, 1U);
  EXPECT_FALSE(recognition().take_visit_template(one));
}

TEST_F(ShopTest, UpkeepIsRemembered) {
  EXPECT_EQ(shop_->last_retention(), std::nullopt);
  EXPECT_EQ(shop_->last_backup(), std::nullopt);
  ASSERT_EQ(error_of(shop_->note_retention(kMorning)), "");
  ASSERT_EQ(error_of(shop_->note_backup(kMorning + std::chrono::hours{1})), "");
  reopen();
  EXPECT_EQ(shop_->last_retention(), kMorning);
  EXPECT_EQ(shop_->last_backup(), kMorning + std::chrono::hours{1});
}

TEST_F(ShopTest, AnEngineThatCannotBeUsedLeavesThePresentOne) {
  enrol(1);
  EXPECT_EQ(recognition().engine(), "demo");
  EXPECT_EQ(error_of(shop_->use_engine("no-such-engine")), "unknown_engine");
  EXPECT_EQ(shop_->settings().engine, "demo");
  EXPECT_EQ(recognition().engine(), "demo");
  ASSERT_EQ(error_of(shop_->use_engine("retail")), "");
  EXPECT_EQ(shop_->settings().engine, "retail");
  std::vector<Template> photos;
  photos.push_back(Template("retail", std::vector<float>(256, 1.0F)));
  EXPECT_FALSE(taken(recognition().identify(photos))) << "nobody has a template of that engine";
}

TEST_F(ShopTest, AnotherRateOfFalseAlertsCountsAtOnce) {
  enrol(1);
  const float before = recognition().policy().threshold().value;
  Settings stricter = settings_;
  stricter.false_alert_rate = settings_.false_alert_rate / 10.0;
  ASSERT_EQ(error_of(shop_->reload(stricter)), "");
  EXPECT_GT(recognition().policy().threshold().value, before);
  EXPECT_EQ(taken(shop_->alert_target()).rate, stricter.false_alert_rate);
}

}  // namespace
}  // namespace maitred
