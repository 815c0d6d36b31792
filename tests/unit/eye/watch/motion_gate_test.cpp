#include "src/eye/watch/motion_gate.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

namespace maitred {
namespace {

class MotionGateTest : public testing::Test {
 protected:
  MotionGateTest() : scene_(720, 1280, CV_8UC3) {
    cv::theRNG().state = 7;
    cv::randu(scene_, 40, 200);
  }

  // The scene as a camera with this much noise sees it, with a shade on a square.
  bool moved(double noise, cv::Rect square = {}, double shade = 0) {
    cv::Mat picture;
    scene_.convertTo(picture, CV_16SC3);
    cv::Mat grain(picture.size(), CV_16SC3);
    cv::randn(grain, 0, noise);
    picture += grain;
    if (square.area() > 0) picture(square) += cv::Scalar::all(shade);
    picture.convertTo(picture, CV_8UC3);
    return gate_.moved({picture.data, picture.cols, picture.rows, picture.step[0]});
  }

  MotionGate gate_{60};
  cv::Mat scene_;
};

TEST_F(MotionGateTest, TheFirstPictureIsNew) { EXPECT_TRUE(moved(0)); }

TEST_F(MotionGateTest, NoiseOfACameraIsNoMovement) {
  for (const double noise : {0.0, 3.0, 8.0}) {
    moved(noise);
    gate_.remember();
    for (int frame = 0; frame < 20; ++frame) EXPECT_FALSE(moved(noise)) << noise;
  }
}

TEST_F(MotionGateTest, AFaceThatComesOrGoesIsMovement) {
  for (const double shade : {-30.0, 12.0}) {
    moved(3);
    gate_.remember();
    EXPECT_TRUE(moved(3, {600, 300, 60, 75}, shade)) << shade;
  }
}

TEST_F(MotionGateTest, SlowLightIsFollowed) {
  moved(2);
  gate_.remember();
  const cv::Rect all(0, 0, 1280, 720);
  for (double shade = 1; shade < 20; ++shade) {
    EXPECT_FALSE(moved(2, all, shade)) << shade;
    gate_.remember();
  }
  EXPECT_TRUE(moved(2, all, 60)) << "the lamp is switched on";
}

TEST_F(MotionGateTest, APictureOfAnotherSizeIsNew) {
  moved(0);
  gate_.remember();
  const cv::Mat smaller = scene_(cv::Rect(0, 0, 640, 360)).clone();
  EXPECT_TRUE(gate_.moved({smaller.data, smaller.cols, smaller.rows, smaller.step[0]}));
}

}  // namespace
}  // namespace maitred
