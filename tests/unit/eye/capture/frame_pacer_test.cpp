#include "src/eye/capture/frame_pacer.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

int taken(double source_fps, double wanted_fps, double early) {
  FramePacer pacer(wanted_fps, early);
  int count = 0;
  for (int i = 0; i < static_cast<int>(source_fps * 10.0); ++i) {
    count += pacer.due(static_cast<double>(i) / source_fps) ? 1 : 0;
  }
  return count;
}

TEST(FramePacer, TakesTheWantedRateOfAFasterSource) {
  EXPECT_EQ(taken(25.0, 10.0, 0.05), 100);
  EXPECT_EQ(taken(30.0, 10.0, 0.05), 100);
  EXPECT_EQ(taken(29.97, 10.0, 0.05), 100);
  EXPECT_EQ(taken(60.0, 15.0, 0.05), 150);
}

TEST(FramePacer, TakesEveryFrameOfASlowerSource) {
  EXPECT_EQ(taken(10.0, 10.0, 0.05), 100);
  EXPECT_EQ(taken(5.0, 10.0, 0.05), 50);
}

TEST(FramePacer, TakesTheFrameThatReachesTheSlot) {
  FramePacer pacer(10.0, 0.05);
  EXPECT_TRUE(pacer.due(0.0));
  EXPECT_FALSE(pacer.due(0.04));
  EXPECT_FALSE(pacer.due(0.08));
  EXPECT_TRUE(pacer.due(0.12));
  EXPECT_FALSE(pacer.due(0.16));
  EXPECT_TRUE(pacer.due(0.20));
}

TEST(FramePacer, ATremblingCameraLosesNothing) {
  FramePacer pacer(10.0, 0.25);
  int count = 0;
  for (int i = 0; i < 100; ++i) {
    const double tremble = i % 3 == 0 ? 0.015 : -0.015;
    count += pacer.due(0.1 * i + tremble) ? 1 : 0;
  }
  EXPECT_GE(count, 99);
}

}  // namespace
}  // namespace maitred
