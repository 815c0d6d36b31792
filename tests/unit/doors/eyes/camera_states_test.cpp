#include "maitred/doors/eyes/camera_states.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using namespace std::chrono_literals;

const Timestamp kStart = Timestamp{} + 1h;

EyeHealth health_of(EyeState state, double fps = 12.5) {
  EyeHealth health;
  health.state = state;
  health.fps = fps;
  return health;
}

TEST(CameraStates, AreInTheOrderOfTheConfiguration) {
  const CameraStates cameras({"till", "door"});
  const auto states = cameras.states(kStart);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].name, "till");
  EXPECT_EQ(states[1].name, "door");
  EXPECT_EQ(states[0].state, EyeState::kConnecting);
}

TEST(CameraStates, ASilentEyeIsStalledAndHasNoFrameRate) {
  CameraStates cameras({"door"});
  cameras.connected("door", kStart);
  cameras.report("door", health_of(EyeState::kRunning), kStart);
  EXPECT_EQ(cameras.states(kStart + 1500ms)[0].state, EyeState::kRunning);
  EXPECT_EQ(cameras.states(kStart + 1500ms)[0].health.fps, 12.5);
  EXPECT_EQ(cameras.states(kStart + 1501ms)[0].state, EyeState::kStalled);
  EXPECT_EQ(cameras.states(kStart + 1501ms)[0].health.fps, 0.0);
  cameras.message_received("door", kStart + 2s);
  EXPECT_EQ(cameras.states(kStart + 3s)[0].state, EyeState::kRunning);
}

TEST(CameraStates, AnEyeThatLeavesIsConnectingUnlessItsFileHasEnded) {
  CameraStates cameras({"door", "film"});
  for (const char* name : {"door", "film"}) cameras.connected(name, kStart);
  cameras.report("door", health_of(EyeState::kRunning), kStart);
  cameras.report("film", health_of(EyeState::kEnded), kStart);
  EXPECT_FALSE(cameras.all_ended());
  cameras.disconnected("door");
  cameras.disconnected("film");
  EXPECT_EQ(cameras.states(kStart)[0].state, EyeState::kConnecting);
  EXPECT_EQ(cameras.states(kStart + 1h)[1].state, EyeState::kEnded);
  EXPECT_FALSE(cameras.all_ended());
}

TEST(CameraStates, AllHaveEndedOnlyWhenTheirEyesHaveLeft) {
  CameraStates cameras({"film"});
  cameras.connected("film", kStart);
  cameras.report("film", health_of(EyeState::kEnded), kStart);
  EXPECT_FALSE(cameras.all_ended());
  cameras.disconnected("film");
  EXPECT_TRUE(cameras.all_ended());
  cameras.connected("film", kStart);  // the eye was started again
  EXPECT_FALSE(cameras.all_ended());
  EXPECT_EQ(cameras.states(kStart)[0].state, EyeState::kConnecting);
}

TEST(CameraStates, OtherCamerasTakeTheirPlaceAndThoseThatStayKeepTheirState) {
  CameraStates cameras({"door", "till"});
  cameras.connected("door", kStart);
  cameras.report("door", health_of(EyeState::kRunning), kStart);
  cameras.reconfigure({"garden", "door"});
  EXPECT_FALSE(cameras.known("till"));
  const auto states = cameras.states(kStart);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].name, "garden");
  EXPECT_EQ(states[1].state, EyeState::kRunning);
}

}  // namespace
}  // namespace maitred
