#include "maitred/eye/tracking/track_fusion.h"

#include <gtest/gtest.h>

#include <random>

namespace maitred {
namespace {

constexpr std::size_t kLength = 64;

class People {
 public:
  std::vector<float> person() {
    std::vector<float> values(kLength);
    for (float& value : values) value = normal_(random_);
    return values;
  }
  // A frame of the person: `noise` 1 gives a similarity of about .5 to another frame.
  Template frame(const std::vector<float>& person, float noise) {
    std::vector<float> values(person);
    for (float& value : values) value += noise * normal_(random_);
    return Template("retail", values);
  }

 private:
  std::mt19937 random_{11};
  std::normal_distribution<float> normal_;
};

TEST(TrackFusion, IsEmptyBeforeTheFirstFrame) { EXPECT_FALSE(TrackFusion().fused()); }

TEST(TrackFusion, SeveralNoisyFramesAreCloserToThePersonThanOne) {
  People people;
  const auto person = people.person();
  const Template truth("retail", person);
  TrackFusion fusion;
  EXPECT_EQ(fusion.add(people.frame(person, 0.8F), 0.5F), Fused::kImproved);
  const float one = similarity(truth, fusion.fused()->probe).value;
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(fusion.add(people.frame(person, 0.8F), 0.5F), Fused::kImproved);
  }
  const auto fused = fusion.fused();
  EXPECT_GT(similarity(truth, fused->probe).value, one + 0.1F);
  EXPECT_EQ(fused->frames, 8U);
  EXPECT_FLOAT_EQ(fused->quality, 0.5F);
  EXPECT_EQ(fused->probe.engine(), "retail");
}

TEST(TrackFusion, KeepsTheBestFramesAndLeansToThem) {
  TrackFusion fusion(FusionRules{.max_frames = 2, .another_person_below = Similarity{-1.0F}});
  const auto axis = [](std::size_t place) {
    std::vector<float> values(4, 0.1F);
    values[place] = 1.0F;
    return Template("retail", values);
  };
  EXPECT_EQ(fusion.add(axis(0), 0.3F), Fused::kImproved);
  EXPECT_EQ(fusion.add(axis(1), 0.8F), Fused::kImproved);
  EXPECT_EQ(fusion.add(axis(2), 0.3F), Fused::kUnchanged) << "no better than the worst kept";
  EXPECT_EQ(fusion.add(axis(3), 0.4F), Fused::kImproved);
  const auto fused = fusion.fused();
  EXPECT_EQ(fused->frames, 2U);
  EXPECT_GT(fused->probe.values()[1], fused->probe.values()[3]);
  EXPECT_GT(fused->probe.values()[3], fused->probe.values()[0]);
  EXPECT_FLOAT_EQ(fused->probe.values()[0], fused->probe.values()[2]);
  EXPECT_NEAR(fused->quality, (0.64F + 0.16F) / 1.2F, 1e-6F);
}

TEST(TrackFusion, AnOutlierDoesNotPoisonTheTrack) {
  People people;
  const auto one = people.person();
  const auto other = people.person();
  TrackFusion fusion;
  for (int i = 0; i < 3; ++i) fusion.add(people.frame(one, 0.4F), 0.5F);
  EXPECT_EQ(fusion.add(people.frame(other, 0.4F), 0.99F), Fused::kSetAside);
  EXPECT_EQ(fusion.frames(), 3U);
  EXPECT_EQ(fusion.add(people.frame(one, 0.4F), 0.5F), Fused::kImproved);
  EXPECT_EQ(fusion.frames(), 4U);
  // The first one must be forgotten: a second outlier later does not count together with it.
  EXPECT_EQ(fusion.add(people.frame(other, 0.4F), 0.99F), Fused::kSetAside);
  EXPECT_GT(similarity(Template("retail", one), fusion.fused()->probe).value, 0.8F);
}

TEST(TrackFusion, ATrackThatJumpedBeginsAnewWithTheNewcomer) {
  People people;
  const auto one = people.person();
  const auto other = people.person();
  TrackFusion fusion;
  for (int i = 0; i < 8; ++i) fusion.add(people.frame(one, 0.4F), 0.9F);
  EXPECT_EQ(fusion.add(people.frame(other, 0.4F), 0.2F), Fused::kSetAside);
  EXPECT_EQ(fusion.add(people.frame(other, 0.4F), 0.2F), Fused::kAnotherPerson);
  EXPECT_EQ(fusion.frames(), 2U);
  EXPECT_GT(similarity(Template("retail", other), fusion.fused()->probe).value, 0.8F);
  EXPECT_LT(similarity(Template("retail", one), fusion.fused()->probe).value, 0.4F);
}

TEST(TrackFusion, DifferentOutliersAreNobody) {
  People people;
  const auto one = people.person();
  TrackFusion fusion;
  for (int i = 0; i < 3; ++i) fusion.add(people.frame(one, 0.4F), 0.5F);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(fusion.add(people.frame(people.person(), 0.4F), 0.9F), Fused::kSetAside);
  }
  EXPECT_EQ(fusion.frames(), 3U);
}

TEST(TrackFusion, ATemplateOfNothingIsNotFused) {
  TrackFusion fusion;
  EXPECT_EQ(fusion.add(Template(), 0.9F), Fused::kUnchanged);
  EXPECT_EQ(fusion.add(Template("retail", std::vector<float>(kLength, 0.0F)), 0.9F),
            Fused::kUnchanged);
  EXPECT_EQ(fusion.add(Template("retail", std::vector<float>(kLength, 1.0F)), 0.0F),
            Fused::kUnchanged);
  EXPECT_FALSE(fusion.fused());
}

}  // namespace
}  // namespace maitred
