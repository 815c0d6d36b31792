// Wrong-person reports raise a threshold, then suspend a customer or a camera.
#include "maitred/shop/desk/vigilance.h"

#include <nlohmann/json.hpp>

#include "desk_fixture.h"

namespace maitred {
namespace {

class VigilanceTest : public DeskTest {
 protected:
  Vigilance& vigilance() { return shop_->vigilance(); }
  Vigilance::Consequence report(const CustomerId& customer, WallTime at = kMorning) {
    Visit visit;
    visit.id = VisitId(random_id(12));
    visit.customer = customer;
    visit.camera = "entrance";
    visit.outcome = Outcome::kWrongPerson;
    return taken(vigilance().wrong_person(visit, {"staff:till", at}, kTarget));
  }
  Caution stored(const CustomerId& customer) {
    return taken(store().customers().find(customer)).caution;
  }
  void visitors(int count) {
    for (int i = 0; i < count; ++i) vigilance().visitor("entrance", kMorning);
  }
  static constexpr AlertTarget kTarget{1e-3, 2};
};

TEST_F(VigilanceTest, EachReportRaisesTheThresholdOfTheCustomer) {
  const CustomerId one = enrol(1);
  const CustomerId two = enrol(2);
  visitors(100'000);
  EXPECT_EQ(report(one).caution.steps, 1U);
  EXPECT_EQ(stored(one).steps, 1U);
  EXPECT_EQ(stored(one).wrong, std::vector{kMorning});
  for (int i = 0; i < 5; ++i) report(one);
  EXPECT_EQ(stored(one).steps, kMostCaution);
  EXPECT_TRUE(stored(two).none());
  EXPECT_EQ(taken(store().audit().rows(1)).at(0).action, "caution");
}

TEST_F(VigilanceTest, ResetGivesTheOrdinaryThresholdBack) {
  const CustomerId one = enrol(1);
  report(one);
  ASSERT_EQ(error_of(vigilance().reset_threshold(one, kAdmin)), "");
  EXPECT_TRUE(stored(one).none());
  EXPECT_EQ(error_of(vigilance().reset_threshold(CustomerId("nobody"), kAdmin)),
            "unknown_customer");
}

TEST_F(VigilanceTest, ManyReportsAmongFewVisitorsSuspendTheCamera) {
  const CustomerId one = enrol(1);
  visitors(10);
  EXPECT_FALSE(report(one).camera_suspended);
  EXPECT_FALSE(report(one).camera_suspended);
  EXPECT_TRUE(report(one).camera_suspended);
  EXPECT_TRUE(vigilance().suspended("entrance"));
  EXPECT_FALSE(vigilance().suspended("back-door"));
  EXPECT_EQ(vigilance().suspended_cameras(), 1U);
  reopen();
  EXPECT_TRUE(vigilance().suspended("entrance")) << "a restart does not lift it";
  ASSERT_EQ(error_of(vigilance().lift_camera("entrance", kAdmin)), "");
  EXPECT_FALSE(vigilance().suspended("entrance"));
  const Status again = vigilance().lift_camera("entrance", kAdmin);
  EXPECT_EQ(error_of(again), "not_suspended");
  EXPECT_EQ(again.error().fault, Fault::kNo);
  reopen();
  EXPECT_FALSE(vigilance().suspended("entrance"));
}

TEST_F(VigilanceTest, AsManyReportsAsWereChosenSuspendNothing) {
  const CustomerId one = enrol(1);
  visitors(5'000);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(report(one).camera_suspended);
  EXPECT_FALSE(vigilance().suspended("entrance"));
}

TEST_F(VigilanceTest, ACustomerWhoIsStillMistakenIsSuspended) {
  const CustomerId one = enrol(1);
  visitors(100);
  int reports = 1;
  while (!report(one).customer_suspended) ASSERT_LT(++reports, 10);
  EXPECT_GT(reports, static_cast<int>(kMostCaution)) << "the threshold is raised first";
  EXPECT_TRUE(stored(one).suspended);
  ASSERT_EQ(error_of(vigilance().lift_customer(one, kAdmin)), "");
  EXPECT_FALSE(stored(one).suspended);
  EXPECT_EQ(stored(one).steps, kMostCaution) << "the raised threshold stays";
  EXPECT_EQ(error_of(vigilance().lift_customer(one, kAdmin)), "not_suspended");
}

TEST_F(VigilanceTest, StatusShowsCountsAndSuspensions) {
  const CustomerId one = enrol(1);
  visitors(7);
  for (int i = 0; i < 3; ++i) report(one);
  const auto status = vigilance().report(kTarget, {{one, stored(one)}}, kMorning);
  EXPECT_EQ(status["false_alerts"]["visitors"], 7);
  EXPECT_EQ(status["false_alerts"]["wrong"], 3);
  EXPECT_EQ(status["raised_thresholds"], 1);
  ASSERT_EQ(status["suspended"].size(), 1U);
  EXPECT_EQ(status["suspended"][0]["camera"], "entrance");
  const auto later = vigilance().report(kTarget, {}, kMorning + std::chrono::days{40});
  EXPECT_EQ(later["false_alerts"]["visitors"], 0) << "old counts do not matter";
}

TEST_F(VigilanceTest, DamagedCountsStartAgain) {
  for (const char* text : {"", "garbage", R"({"entrance":{}})", R"({"entrance":{"days":[[1]]}})",
                           R"({"entrance":{"days":[["a",1,1]],"suspended":1}})"}) {
    const std::string value = text;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(value.data());
    ASSERT_EQ(error_of(store().set_setting("answers", {bytes, value.size()})), "");
    const Vigilance fresh = taken(Vigilance::load(store()));
    EXPECT_FALSE(fresh.suspended("entrance")) << text;
  }
}

}  // namespace
}  // namespace maitred
