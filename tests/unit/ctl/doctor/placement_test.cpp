#include "maitred/ctl/doctor/placement.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace maitred {
namespace {

using namespace std::chrono_literals;

PersonSeen good_person() { return {true, 2s, 90.0, 0.9, 120.0, 0.05, 0.0, 0.9}; }

CameraSettings door() {
  CameraSettings camera;
  camera.zone = {0.2, 0.1, 0.8, 1.0};
  return camera;
}

// The message of the finding whose cure holds `cure`; empty without one.
std::string found(const std::vector<PersonSeen>& people, const std::string& cure) {
  for (const Finding& one : judge_people(door(), people, 60.0, 0.05)) {
    if (one.cure.find(cure) != std::string::npos) return one.message;
  }
  return {};
}

TEST(Placement, AGoodPlaceIsGood) {
  const std::vector<PersonSeen> people(5, good_person());
  const Findings findings = judge_people(door(), people, 60.0, 0.05);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::kGood);
  EXPECT_NE(findings[0].message.find("5 % of such visits would be missed"), std::string::npos)
      << findings[0].message;
}

TEST(Placement, NobodyIsAFault) {
  const Findings findings = judge_people(door(), {}, 60.0, 0.05);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::kFault);
  EXPECT_DOUBLE_EQ(expected_misses(door(), {}, 0.05), 1.0);
}

TEST(Placement, EachFaultHasItsOwnCure) {
  const auto with = [](auto change) {
    std::vector<PersonSeen> people(4, good_person());
    change(people[0]);
    change(people[2]);
    return people;
  };
  EXPECT_NE(found(with([](PersonSeen& one) { one.in_zone = false; }), "move the zone"), "");
  EXPECT_NE(found(with([](PersonSeen& one) { one.width_px = 40.0; }), "move the camera closer"),
            "");
  EXPECT_NE(found(with([](PersonSeen& one) { one.zone_time = 100ms; }), "shorter dwell"), "");
  EXPECT_NE(found(with([](PersonSeen& one) { one.yaw = -0.6; }), "people walk towards it"), "");
  std::vector<PersonSeen> above(4, good_person());
  for (PersonSeen& one : above) one.pitch = 0.25;
  EXPECT_NE(found(above, "lower"), "");
  EXPECT_NE(found(with([](PersonSeen& one) { one.mean_light = 30.0; }), "more light on"), "");
  EXPECT_NE(found(with([](PersonSeen& one) { one.sharpness = 0.2; }), "focus the lens"), "");
}

TEST(Placement, OneOfManyIsTheirOwnWay) {
  std::vector<PersonSeen> people(9, good_person());
  people[4].yaw = 0.9;
  people[5].width_px = 30.0;
  const Findings findings = judge_people(door(), people, 60.0, 0.05);
  EXPECT_EQ(findings.size(), 1U);
}

TEST(Placement, MissesCountWhomTheCameraNeverSees) {
  std::vector<PersonSeen> people(4, good_person());
  people[0].width_px = 20.0;
  people[1].quality = 0.5;
  EXPECT_NEAR(expected_misses(door(), people, 0.04), (1.0 + 0.12 + 0.04 + 0.04) / 4.0, 1e-9);
}

}  // namespace
}  // namespace maitred
