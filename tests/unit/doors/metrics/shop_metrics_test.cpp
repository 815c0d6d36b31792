#include "maitred/doors/metrics/shop_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace maitred {
namespace {

using testing::HasSubstr;
using testing::Not;

const WallTime kNow = WallTime{} + std::chrono::hours{24 * 365 * 50};

Alert an_alert(AlertState state) {
  Alert alert;
  alert.visit = VisitId{"visit-7"};
  alert.at = kNow;
  alert.state = state;
  alert.by = "Sam";
  alert.customer.id = CustomerId{"c7k2"};
  alert.customer.name = "Robin Sample";
  alert.headline = "Advisor needed: trail shoes";
  return alert;
}

ShopFacts facts() {
  ShopFacts shop;
  shop.engine = "retail";
  CameraState camera;
  camera.name = "door \"a\"";
  camera.state = EyeState::kStalled;
  camera.health.dropped = 3;
  shop.cameras = {camera};
  return shop;
}

TEST(ShopMetrics, CountsWhatBecomesOfAlerts) {
  ShopMetrics metrics;
  metrics.visit_began();
  metrics.alert(an_alert(AlertState::kNew), kNow);
  metrics.alert(an_alert(AlertState::kClaimed), kNow + std::chrono::seconds{7});
  Alert closed = an_alert(AlertState::kClosed);
  closed.outcome = Outcome::kServed;
  metrics.alert(closed, kNow);
  const std::string text = metrics.text(facts(), {});
  EXPECT_THAT(text, HasSubstr("maitred_visits_total 1\n"));
  EXPECT_THAT(text, HasSubstr("maitred_alerts_total{reason=\"arrival\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("maitred_alerts_total{reason=\"ask\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("maitred_alert_changes_total{state=\"claimed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("maitred_alert_outcomes_total{outcome=\"served\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("maitred_time_to_claim_seconds_bucket{le=\"5\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("maitred_time_to_claim_seconds_bucket{le=\"10\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("maitred_time_to_claim_seconds_bucket{le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("maitred_time_to_claim_seconds_sum 7\n"));
}

TEST(ShopMetrics, AClaimAfterAClockSetBackCountsAsAtOnce) {
  ShopMetrics metrics;
  metrics.alert(an_alert(AlertState::kClaimed), kNow - std::chrono::hours{1});
  EXPECT_THAT(metrics.text(facts(), {}), HasSubstr("maitred_time_to_claim_seconds_sum 0\n"));
}

TEST(ShopMetrics, SayNothingOfAnybody) {
  ShopMetrics metrics;
  metrics.alert(an_alert(AlertState::kNew), kNow);
  metrics.alert(an_alert(AlertState::kClaimed), kNow);
  Match match;
  match.customer = CustomerId{"c7k2"};
  match.camera = "door";
  metrics.recognised(match);
  const std::string text = metrics.text(facts(), {});
  for (const char* word : {"c7k2", "visit-7", "Robin", "Sam", "shoes"}) {
    EXPECT_THAT(text, Not(HasSubstr(word)));
  }
}

TEST(ShopMetrics, CamerasHaveOneStateAndEscapedNames) {
  const std::string text = ShopMetrics().text(facts(), {});
  EXPECT_THAT(text,
              HasSubstr("maitred_camera_state{camera=\"door \\\"a\\\"\",state=\"stalled\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("maitred_camera_state{camera=\"door \\\"a\\\"\",state=\"running\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("maitred_camera_dropped_frames_total{camera=\"door \\\"a\\\"\"} 3\n"));
}

TEST(ShopMetrics, EveryFamilyStandsOnceBeforeItsSamples) {
  std::istringstream lines(ShopMetrics().text(facts(), process_facts()));
  std::set<std::string> seen;
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(seen.insert(family).second) << family;
    } else if (!line.starts_with('#')) {
      EXPECT_TRUE(line.starts_with(family)) << line;
    }
  }
  EXPECT_GT(seen.size(), 20U);
}

TEST(ProcessFacts, AreOfThisProcess) {
  const ProcessFacts process = process_facts();
  EXPECT_GT(process.resident_bytes, 1U << 20U);
  EXPECT_GE(process.threads, 1U);
  EXPECT_GE(process.open_files, 3U);
}

}  // namespace
}  // namespace maitred
