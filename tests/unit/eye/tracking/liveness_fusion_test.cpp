#include "maitred/eye/tracking/liveness_fusion.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

TEST(LivenessFusion, OneFrameSaysNothing) {
  LivenessFusion fusion;
  EXPECT_FALSE(fusion.live());
  fusion.add(1.0F);
  EXPECT_FALSE(fusion.live());
  fusion.add(0.9F);
  EXPECT_EQ(fusion.live(), true);
}

TEST(LivenessFusion, ABadFrameAmongGoodOnesDoesNotCount) {
  LivenessFusion fusion;
  for (const float score : {0.02F, 0.9F, 0.95F, 0.0F, 0.99F}) fusion.add(score);
  EXPECT_EQ(fusion.live(), true);
}

TEST(LivenessFusion, AGoodFrameOfAPictureDoesNotEither) {
  LivenessFusion fusion;
  for (const float score : {0.3F, 0.01F, 0.0F, 0.02F, 0.05F}) fusion.add(score);
  EXPECT_EQ(fusion.live(), false);
}

TEST(LivenessFusion, WhoTakesThePictureDownIsSeenAtLast) {
  LivenessFusion fusion;
  for (int i = 0; i < 50; ++i) fusion.add(0.0F);
  EXPECT_EQ(fusion.live(), false);
  for (int i = 0; i < 4; ++i) fusion.add(0.95F);
  EXPECT_EQ(fusion.live(), true);
  for (int i = 0; i < 12; ++i) fusion.add(0.0F);
  EXPECT_EQ(fusion.live(), false) << "and who puts one up, too";
}

TEST(LivenessFusion, AStillFaceHasToLookLiveMoreClearly) {
  LivenessFusion fusion;
  for (int i = 0; i < 4; ++i) fusion.add(0.4F);
  EXPECT_EQ(fusion.live(), true);
  fusion.add_change(0.0F, Milliseconds{0});
  fusion.add_change(0.005F, Milliseconds{1900});
  EXPECT_FALSE(fusion.moves());
  EXPECT_EQ(fusion.live(), true) << "too short to tell";
  fusion.add_change(0.004F, Milliseconds{2100});
  EXPECT_EQ(fusion.moves(), false);
  EXPECT_EQ(fusion.live(), false);
  for (int i = 0; i < 12; ++i) fusion.add(0.6F);
  EXPECT_EQ(fusion.live(), true) << "somebody who holds still";
}

TEST(LivenessFusion, WhoMovesOnceIsNoStillPicture) {
  LivenessFusion fusion;
  for (int i = 0; i < 4; ++i) fusion.add(0.4F);
  fusion.add_change(0.0F, Milliseconds{0});
  fusion.add_change(0.03F, Milliseconds{500});
  fusion.add_change(0.0F, Milliseconds{5000});
  EXPECT_EQ(fusion.moves(), true);
  EXPECT_EQ(fusion.live(), true);
}

}  // namespace
}  // namespace maitred
