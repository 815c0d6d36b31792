#include "maitred/types/template.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <type_traits>

namespace maitred {
namespace {

Template make(std::vector<float> values) { return Template("retail", values); }

TEST(Template, IsNormalised) {
  const Template one = make({3.0F, 4.0F});
  EXPECT_FLOAT_EQ(one.values()[0], 0.6F);
  EXPECT_FLOAT_EQ(one.values()[1], 0.8F);
  EXPECT_FLOAT_EQ(similarity(one, make({6.0F, 8.0F})).value, 1.0F);
  EXPECT_FLOAT_EQ(similarity(one, make({-3.0F, -4.0F})).value, -1.0F);
  EXPECT_NEAR(similarity(one, make({4.0F, -3.0F})).value, 0.0F, 1e-6F);
}

TEST(Template, OfNothingMatchesNobody) {
  const Template zero = make({0.0F, 0.0F});
  EXPECT_EQ(similarity(zero, make({1.0F, 0.0F})).value, 0.0F);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  EXPECT_EQ(similarity(make({nan, 1.0F}), make({1.0F, 0.0F})).value, 0.0F);
  EXPECT_EQ(similarity(make({infinite, 1.0F}), make({1.0F, 0.0F})).value, 0.0F);
  EXPECT_TRUE(Template().empty());
}

TEST(Template, LargeAndSmallValuesSurvive) {
  EXPECT_FLOAT_EQ(similarity(make({3e30F, 4e30F}), make({3.0F, 4.0F})).value, 1.0F);
  EXPECT_FLOAT_EQ(similarity(make({3e-30F, 4e-30F}), make({3.0F, 4.0F})).value, 1.0F);
}

TEST(Template, IsCopiedOnlyByName) {
  static_assert(!std::is_copy_constructible_v<Template>);
  static_assert(!std::is_copy_assignable_v<Template>);
  static_assert(std::is_nothrow_move_constructible_v<Template>);
  const Template one = make({1.0F, 2.0F});
  const Template two = one.clone();
  EXPECT_EQ(two.engine(), "retail");
  EXPECT_NE(one.values().data(), two.values().data());
  EXPECT_FLOAT_EQ(similarity(one, two).value, 1.0F);
}

TEST(Template, KnowsHowGoodItsPictureWas) {
  const std::vector<float> values = {1.0F, 2.0F};
  EXPECT_EQ(Template("retail", values).quality(), 1.0F);
  EXPECT_EQ(Template("retail", values, 0.25F).clone().quality(), 0.25F);
  EXPECT_EQ(Template("retail", values, 7.0F).quality(), 1.0F);
  EXPECT_EQ(Template("retail", values, -1.0F).quality(), 0.0F);
  EXPECT_EQ(Template("retail", values, std::nanf("")).quality(), 0.0F);
}

TEST(TemplateDeathTest, OfAnotherEngineIsNotComparable) {
  EXPECT_DEATH(similarity(make({1.0F}), Template("dlib", std::vector<float>{1.0F})), "bug");
  EXPECT_DEATH(similarity(make({1.0F}), make({1.0F, 0.0F})), "bug");
}

TEST(WeightedMean, LeansToWhatWeighsMore) {
  const Template x = make({1.0F, 0.0F});
  const Template y = make({0.0F, 1.0F});
  const Template* both[] = {&x, &y};
  const float even[] = {1.0F, 1.0F};
  const float uneven[] = {3.0F, 4.0F};
  const float none[] = {0.0F, 0.0F};
  EXPECT_NEAR(weighted_mean(both, even).values()[0], std::sqrt(0.5F), 1e-6F);
  EXPECT_FLOAT_EQ(weighted_mean(both, uneven).values()[0], 0.6F);
  EXPECT_EQ(weighted_mean(both, none).values()[0], 0.0F);
}

}  // namespace
}  // namespace maitred
