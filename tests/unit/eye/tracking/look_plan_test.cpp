#include "maitred/eye/tracking/look_plan.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

// Looks in ten seconds of ten frames each.
int looks(Demand demand, bool moved) {
  LookPlan plan;
  int count = 0;
  for (int frame = 0; frame < 100; ++frame) {
    const WallTime at{Milliseconds{1000 + 100 * frame}};
    if (!plan.due(demand, moved, at)) continue;
    plan.looked(at);
    ++count;
  }
  return count;
}

TEST(LookPlanTest, LooksAsOftenAsSomethingIsToBeHad) {
  EXPECT_EQ(looks(Demand::kFrames, false), 100);
  EXPECT_EQ(looks(Demand::kFrames, true), 100);
  EXPECT_EQ(looks(Demand::kNobody, true), 100);
  EXPECT_EQ(looks(Demand::kSettled, true), 50);
  EXPECT_EQ(looks(Demand::kSettled, false), 20);
  EXPECT_EQ(looks(Demand::kNobody, false), 10);
}

TEST(LookPlanTest, AFastCameraIsNotLookedAtFaster) {
  LookPlan plan;
  int count = 0;
  for (int frame = 0; frame < 300; ++frame) {
    const WallTime at{Milliseconds{1000 + frame * 1000 / 30}};
    if (!plan.due(Demand::kNobody, true, at)) continue;
    plan.looked(at);
    ++count;
  }
  EXPECT_LE(count, 125);
}

TEST(LookPlanTest, SomebodyNewIsLookedAtInEveryFrame) {
  LookPlan plan;
  for (int frame = 0; frame < 30; ++frame) {
    const WallTime at{Milliseconds{1000 + frame * 1000 / 30}};
    EXPECT_TRUE(plan.due(Demand::kQuick, false, at));
    plan.looked(at);
  }
}

TEST(LookPlanTest, AClockThatGoesBackDoesNotStopTheLooks) {
  LookPlan plan;
  plan.looked(WallTime{Milliseconds{100000}});
  EXPECT_TRUE(plan.due(Demand::kNobody, false, WallTime{Milliseconds{5000}}));
}

}  // namespace
}  // namespace maitred
