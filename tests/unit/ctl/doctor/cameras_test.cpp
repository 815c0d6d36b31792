#include "maitred/ctl/doctor/cameras.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace maitred {
namespace {

CameraSettings camera() {
  CameraSettings wanted;
  wanted.name = "entrance";
  wanted.source = "/dev/v4l/by-id/usb-cam";
  wanted.zone = {0.2, 0.1, 0.8, 1.0};
  return wanted;
}

Verdict worst(const Findings& findings) {
  Verdict verdict = Verdict::kGood;
  for (const Finding& finding : findings) verdict = std::max(verdict, finding.verdict);
  return verdict;
}

TEST(Trial, ARateFarBelowTheWantedOneIsAFault) {
  EXPECT_EQ(worst(judge_trial(camera(), {9.8, 1280, 720, 100.0})), Verdict::kGood);
  EXPECT_EQ(worst(judge_trial(camera(), {7.5, 1280, 720, 100.0})), Verdict::kAdvice);
  EXPECT_EQ(worst(judge_trial(camera(), {4.0, 1280, 720, 100.0})), Verdict::kFault);
}

TEST(Trial, ABlackOrSmallPictureIsToldOf) {
  EXPECT_EQ(worst(judge_trial(camera(), {10.0, 1280, 720, 3.0})), Verdict::kAdvice);
  EXPECT_EQ(worst(judge_trial(camera(), {10.0, 320, 240, 100.0})), Verdict::kAdvice);
}

TEST(Formats, ANameThatDoesNotLastIsToldOf) {
  CameraSettings wanted = camera();
  CameraDevice device{"/dev/v4l/by-id/usb-cam", "/dev/video0", "Cam", {{"MJPG", 1280, 720, 30.0}}};
  EXPECT_TRUE(judge_formats(wanted, device).empty());
  wanted.source = "/dev/video0";
  const Findings findings = judge_formats(wanted, device);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].cure, "source = \"/dev/v4l/by-id/usb-cam\"");
}

TEST(Formats, ACameraThatOffersTooLittleIsToldOf) {
  const CameraDevice device{
      "/dev/v4l/by-id/usb-cam", "/dev/video0", "Cam", {{"YUYV", 1280, 720, 5.0}}};
  EXPECT_EQ(worst(judge_formats(camera(), device)), Verdict::kAdvice);
}

TEST(Placement, AZoneTooNarrowForAFaceIsAFault) {
  CameraSettings wanted = camera();
  EXPECT_EQ(worst(judge_placement(wanted, 1280)), Verdict::kGood);
  wanted.zone = {0.4, 0.0, 0.45, 1.0};
  EXPECT_EQ(worst(judge_placement(wanted, 1280)), Verdict::kFault);
}

TEST(Placement, TheWholePictureAndNoDwellAreToldOf) {
  CameraSettings wanted = camera();
  wanted.zone = {0.0, 0.0, 1.0, 1.0};
  EXPECT_EQ(worst(judge_placement(wanted, 0)), Verdict::kAdvice);
  wanted = camera();
  wanted.dwell = Milliseconds{0};
  EXPECT_EQ(worst(judge_placement(wanted, 0)), Verdict::kAdvice);
}

TEST(Devices, WhatIsNoCameraIsNamedSo) {
  EXPECT_EQ(describe_camera("/dev/null").error().code, "not_a_camera");
  EXPECT_EQ(describe_camera("/dev/no-such").error().code, "camera_absent");
}

}  // namespace
}  // namespace maitred
