#include "maitred/eye/tracking/detection_plan.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

// Runs of the detector in ten seconds of ten frames each.
int detections(Demand demand, bool moved) {
  DetectionPlan plan;
  int count = 0;
  for (int frame = 0; frame < 100; ++frame) {
    const WallTime at{Milliseconds{1000 + 100 * frame}};
    if (!plan.due(demand, moved, at)) continue;
    plan.detected(at);
    ++count;
  }
  return count;
}

TEST(DetectionPlanTest, DetectsAsOftenAsTemplatesAreWanted) {
  EXPECT_EQ(detections(Demand::kFrames, false), 100);
  EXPECT_EQ(detections(Demand::kFrames, true), 100);
  EXPECT_EQ(detections(Demand::kNobody, true), 100);
  EXPECT_EQ(detections(Demand::kSettled, true), 50);
  EXPECT_EQ(detections(Demand::kSettled, false), 20);
  EXPECT_EQ(detections(Demand::kNobody, false), 10);
}

TEST(DetectionPlanTest, AFastCameraCostsNoMoreRuns) {
  DetectionPlan plan;
  int count = 0;
  for (int frame = 0; frame < 300; ++frame) {
    const WallTime at{Milliseconds{1000 + frame * 1000 / 30}};
    if (!plan.due(Demand::kNobody, true, at)) continue;
    plan.detected(at);
    ++count;
  }
  EXPECT_LE(count, 125);
}

TEST(DetectionPlanTest, SomebodyNewIsDetectedInEveryFrame) {
  DetectionPlan plan;
  for (int frame = 0; frame < 30; ++frame) {
    const WallTime at{Milliseconds{1000 + frame * 1000 / 30}};
    EXPECT_TRUE(plan.due(Demand::kQuick, false, at));
    plan.detected(at);
  }
}

TEST(DetectionPlanTest, AClockThatGoesBackDoesNotStopTheRuns) {
  DetectionPlan plan;
  plan.detected(WallTime{Milliseconds{100000}});
  EXPECT_TRUE(plan.due(Demand::kNobody, false, WallTime{Milliseconds{5000}}));
}

}  // namespace
}  // namespace maitred
