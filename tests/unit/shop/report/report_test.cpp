// The report's figures against values worked out by hand and from printed tables.
#include "maitred/shop/report/report.h"

#include <gmock/gmock.h>

namespace maitred {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;
using testing::Not;

void expect_interval(const std::optional<Interval>& found, double estimate, double low, double high,
                     double tolerance) {
  ASSERT_TRUE(found);
  EXPECT_THAT(found->estimate, DoubleNear(estimate, tolerance));
  EXPECT_THAT(found->low, DoubleNear(low, tolerance));
  EXPECT_THAT(found->high, DoubleNear(high, tolerance));
}

TEST(Statistics, Quantiles) {
  EXPECT_EQ(quantile({}, 0.5), std::nullopt);
  EXPECT_EQ(quantile({7}, 0.95), 7.0);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_NEAR(*quantile({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.95), 9.55, 1e-12);
}

TEST(Statistics, WilsonInterval) {
  EXPECT_FALSE(share_interval(0, 0));
  expect_interval(share_interval(0, 10), 0.0, 0.0, 0.2775, 1e-4);
  expect_interval(share_interval(15, 148), 0.1014, 0.0624, 0.1605, 1e-4);
}

TEST(Statistics, StudentAndWelch) {
  EXPECT_FALSE(mean_interval({5}));
  // x = 1..5: 3 +- 2.7764 * sqrt(2.5 / 5)
  expect_interval(mean_interval({1, 2, 3, 4, 5}), 3.0, 1.0368, 4.9632, 1e-3);
  // {9,10,8,9} and {5,7,6,8,4}: means 9 and 6, variances 2/3 and 5/2, freedom 6.19.
  expect_interval(difference_interval({9, 10, 8, 9}, {5, 7, 6, 8, 4}), 3.0, 1.018, 4.982, 5e-3);
  // A few answers each: between the whole numbers of the tables, by numerical integration.
  EXPECT_NEAR(student_975(1.5), 6.01666, 1e-4);
  EXPECT_NEAR(student_975(6.19), 2.42882, 1e-4);
  EXPECT_NEAR(student_975(1), 12.7062, 1e-4);
  EXPECT_NEAR(student_975(31), 2.03951, 1e-4);
  EXPECT_NEAR(student_975(100), 1.98397, 1e-4);
  EXPECT_NEAR(student_975(1e9), 1.95996, 1e-5);
}

TEST(Statistics, AnswersNeeded) {
  // Pooled variance 16 / 6, effect 0.5: 2 * 7.849 * 2.667 / 0.25 = 167.4
  EXPECT_EQ(answers_needed({4, 8, 4, 8, 6, 6, 6}, {4, 8, 4, 8, 6, 6, 6}, 0.5), 168U);
  EXPECT_FALSE(answers_needed({1}, {1, 2}, 0.5));
  EXPECT_FALSE(answers_needed({1, 2}, {1, 2}, 0));
}

ReportRow row(int hour, Outcome outcome, double claim_s, double close_s, std::optional<int> rating,
              bool holdout = false) {
  static int number = 0;
  ReportRow row;
  row.visit = "v" + std::to_string(++number);
  row.customer = "c" + std::to_string(number % 7);
  row.camera = number % 2 == 0 ? "entrance" : "desk<b>";
  row.start = WallTime{std::chrono::hours{24 * 20000 + hour}};
  row.outcome = outcome;
  row.holdout = holdout;
  row.rating = rating;
  if (holdout) return row;
  row.alerted = row.start;
  const auto after = [&](double seconds) {
    return row.start + Milliseconds{static_cast<int>(seconds * 1000)};
  };
  if (claim_s > 0) row.claimed = after(claim_s);
  if (close_s > 0) row.closed = after(close_s);
  return row;
}

class ReportTest : public testing::Test {
 protected:
  const WallTime from_{std::chrono::hours{24 * 20000}};
  const WallTime to_ = from_ + std::chrono::hours{24};
  std::vector<ReportRow> rows_ = {
      row(10, Outcome::kServed, 5, 60, 10),       row(10, Outcome::kServed, 15, 120, 9),
      row(11, Outcome::kWrongPerson, 25, 30, {}), row(11, Outcome::kExpired, 0, 0, {}),
      row(12, Outcome::kDeclined, 35, 90, 6),     row(10, Outcome::kOpen, 0, 0, 7, true),
      row(13, Outcome::kOpen, 0, 0, 4, true),     row(30, Outcome::kServed, 1, 2, 1)};
};

TEST_F(ReportTest, CountsWhatHappenedWithinTheTime) {
  const Report report = make_report(rows_, from_, to_);
  EXPECT_EQ(report.visits, 7U);
  EXPECT_EQ(report.alerts, 5U);
  EXPECT_EQ(report.claimed, 4U);
  EXPECT_EQ(report.to_claim.median_s, 20.0);
  EXPECT_NEAR(*report.to_claim.p95_s, 33.5, 1e-9);
  EXPECT_EQ(report.to_serve.count, 2U);
  EXPECT_EQ(report.to_serve.median_s, 90.0);
  EXPECT_EQ(report.answered, 4U);
  EXPECT_EQ(report.wrong_person_rate->estimate, 0.25);
  EXPECT_EQ(report.outcomes.at("expired"), 1U);
  EXPECT_EQ(report.by_hour[10], 3U);
  EXPECT_EQ(report.with_alerts.visits, 5U);
  EXPECT_NEAR(report.with_alerts.mean_rating->estimate, 25.0 / 3, 1e-9);
  EXPECT_NEAR(report.with_alerts.nps->estimate, 100.0 / 3, 1e-9);
  EXPECT_EQ(report.holdout.nps->estimate, -50.0);
  EXPECT_NEAR(report.rating_gain->estimate, 25.0 / 3 - 5.5, 1e-9);
  EXPECT_EQ(*report.answers_still_needed, *report.answers_needed - 2);
  EXPECT_EQ(report.cameras.size(), 2U);
  EXPECT_EQ(make_report(rows_, to_, to_ + std::chrono::hours{24}).visits, 1U);
}

TEST_F(ReportTest, ThePageStandsAloneAndShowsTextAsText) {
  rows_[0].name = "<script>alert(1)</script>";
  const std::string page = report_html(make_report(rows_, from_, to_));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, HasSubstr("desk&lt;b&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, HasSubstr("<svg"));
  rows_[0].name.clear();
  EXPECT_THAT(report_html(make_report(rows_, from_, to_)), Not(HasSubstr("Customers</h2>")));
}

TEST(ReportEmpty, SaysSoInsteadOfDividingByNothing) {
  const Report report = make_report({}, WallTime{}, WallTime{std::chrono::hours{1}});
  EXPECT_FALSE(report.wrong_person_rate);
  EXPECT_FALSE(report.rating_gain);
  EXPECT_THAT(report_html(report), HasSubstr("Too few answers"));
}

}  // namespace
}  // namespace maitred
