#include "maitred/shop/matching/decider.h"

#include <gtest/gtest.h>

#include <cmath>

#include "synthetic.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;

const WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
constexpr std::size_t kCustomers = 4;

// Customers 0 to 3 are the axes of a space of 8 values, so that a probe is written down by its
// similarity to each. The thresholds at FPIR 1e-3 and four rows: .36 for a single try, .38 settled,
// .50 on a first frame.
class DeciderTest : public ::testing::Test {
 protected:
  static Calibration calibration() {
    return Calibration::from_rows({{0.2F, 1e-2, 0.01}, {0.5F, 1e-5, 0.05}}).value();
  }

  static std::shared_ptr<const Gallery> gallery_of(std::size_t customers) {
    std::vector<GalleryEntry> entries;
    for (std::size_t i = 0; i < customers; ++i) {
      std::vector<float> values(8, 0.0F);
      values[i] = 1.0F;
      GalleryEntry one{customer(i), {}};
      one.templates.emplace_back("synthetic", values);
      entries.push_back(std::move(one));
    }
    return Gallery::build("synthetic", 8, entries).value();
  }

  Sighting sighting(std::uint64_t track, std::uint32_t frames, std::vector<float> similarities) {
    std::vector<float> values(8, 0.0F);
    float squares = 0.0F;
    for (std::size_t i = 0; i < similarities.size(); ++i) {
      values[i] = similarities[i];
      squares += similarities[i] * similarities[i];
    }
    values[7] = std::sqrt(std::max(0.0F, 1.0F - squares));
    Sighting one;
    one.track = TrackId{track};
    one.first_seen = kStart;
    one.at = now_ += 100ms;
    one.frames = frames;
    one.quality = 0.5F;
    one.probe = Template("synthetic", values);
    return one;
  }

  std::vector<Match> see(std::uint64_t track, std::uint32_t frames, std::vector<float> similarities,
                         const std::string& camera = "door") {
    return decider_
        .observe(camera, sighting(track, frames, std::move(similarities)), *gallery_, policy_)
        .value();
  }
  std::vector<Match> end(std::uint64_t track, const std::string& camera = "door") {
    return decider_.end_track(camera, TrackId{track}, policy_);
  }

  std::shared_ptr<const Gallery> gallery_ = gallery_of(kCustomers);
  DecisionPolicy policy_ = DecisionPolicy::derive(calibration(), {}, gallery_->rows());
  Decider decider_;
  WallTime now_ = kStart;
};

TEST_F(DeciderTest, AClearMatchIsDecidedOnTheFirstFrame) {
  const auto matches = see(1, 1, {0.7F});
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].customer, customer(0));
  EXPECT_EQ(matches[0].camera, "door");
  EXPECT_EQ(matches[0].track, TrackId{1});
  EXPECT_EQ(matches[0].first_seen, kStart);
  EXPECT_EQ(matches[0].at, kStart + 100ms);
  EXPECT_EQ(matches[0].confidence, Confidence::kHigh);
  EXPECT_FALSE(matches[0].position);
  EXPECT_EQ(decider_.decided("door", TrackId{1}), customer(0));
}

TEST_F(DeciderTest, AMatchIsReportedOnce) {
  EXPECT_EQ(see(1, 1, {0.7F}).size(), 1U);
  for (std::uint32_t frames = 2; frames < 12; ++frames) EXPECT_TRUE(see(1, frames, {0.7F}).empty());
  EXPECT_TRUE(end(1).empty());
  EXPECT_FALSE(decider_.knows("door", TrackId{1}));
}

TEST_F(DeciderTest, AnOrdinaryMatchWaitsForThreeFrames) {
  EXPECT_TRUE(see(1, 1, {0.45F}).empty());
  EXPECT_TRUE(see(1, 2, {0.45F}).empty());
  EXPECT_FALSE(decider_.decided("door", TrackId{1}));
  const auto matches = see(1, 3, {0.45F});
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].confidence, Confidence::kMedium);
}

TEST_F(DeciderTest, ATrackThatStaysAtFewFramesIsNotTriedOnAndOn) {
  EXPECT_TRUE(see(1, 1, {0.45F}).empty());
  EXPECT_TRUE(see(1, 2, {0.45F}).empty());
  EXPECT_TRUE(see(1, 2, {0.7F}).empty()) << "a third early try";
  EXPECT_EQ(see(1, 3, {0.7F}).size(), 1U);
}

TEST_F(DeciderTest, AShortTrackIsDecidedAtItsEnd) {
  EXPECT_TRUE(see(1, 1, {0.45F}).empty());
  const auto matches = end(1);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].customer, customer(0));
  EXPECT_FALSE(decider_.decided("door", TrackId{1}));
}

TEST_F(DeciderTest, AStrangerIsNobody) {
  for (std::uint32_t frames = 1; frames < 12; ++frames) EXPECT_TRUE(see(1, frames, {0.3F}).empty());
  EXPECT_TRUE(end(1).empty());
  EXPECT_TRUE(end(1).empty()) << "ended already";
  EXPECT_TRUE(end(77).empty()) << "never seen";
}

TEST_F(DeciderTest, TwoCustomersTooCloseToEachOtherAreNoMatch) {
  EXPECT_TRUE(see(1, 3, {0.60F, 0.56F}).empty());
  EXPECT_EQ(see(2, 3, {0.60F, 0.54F}).size(), 1U);
}

TEST_F(DeciderTest, ACustomerWhoWasAnnouncedWronglyNeedsMore) {
  std::vector<GalleryEntry> entries;
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<float> values(8, 0.0F);
    values[i] = 1.0F;
    entries.push_back({customer(i), {}, i == 0 ? 2U : 0U});
    entries.back().templates.emplace_back("synthetic", values);
  }
  gallery_ = Gallery::build("synthetic", 8, entries).value();
  EXPECT_EQ(gallery_->caution(customer(0)), 2U);
  EXPECT_TRUE(see(1, 3, {0.45F, 0.0F}).empty());
  EXPECT_TRUE(end(1).empty());
  EXPECT_EQ(see(2, 3, {0.70F, 0.0F}).size(), 1U) << "who is plainly there is still known";
  EXPECT_EQ(see(3, 3, {0.0F, 0.45F}).size(), 1U) << "nobody else needs more";
}

// Customers 0 and 1 resemble each other as hardly two people do.
TEST_F(DeciderTest, LookalikesNeedMoreDistance) {
  std::vector<GalleryEntry> entries;
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<float> values(8, 0.0F);
    values[0] = 0.8F;
    values[i + 1] = 0.6F;
    entries.push_back({customer(i), {}});
    entries.back().templates.emplace_back("synthetic", values);
  }
  gallery_ = Gallery::build("synthetic", 8, entries).value();
  EXPECT_NEAR(gallery_->pair_similarity(customer(0), customer(1)).value, 0.64F, 1e-5F);
  EXPECT_EQ(gallery_->pair_similarity(customer(0), customer(7)).value, -1.0F);
  // Similarities .76 and .68: enough for strangers to each other, too little for these.
  EXPECT_TRUE(see(1, 3, {0.7F, 0.3333F, 0.2F}).empty());
  EXPECT_TRUE(end(1).empty());
  EXPECT_EQ(see(2, 3, {0.7F, 0.4F, 0.2F}).size(), 1U);
}

// As above, and customer 2 resembles neither.
TEST_F(DeciderTest, TwoWhoLookAlikeDoNotAskMoreOfAThird) {
  std::vector<GalleryEntry> entries;
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<float> values(8, 0.0F);
    values[0] = i < 2 ? 0.8F : 0.0F;
    values[i + 1] = i < 2 ? 0.6F : 1.0F;
    entries.push_back({customer(i), {}});
    entries.back().templates.emplace_back("synthetic", values);
  }
  gallery_ = Gallery::build("synthetic", 8, entries).value();
  // Similarities .56 and .56 to the two, .64 to the third.
  const auto matches = see(1, 3, {0.58F, 0.16F, 0.16F, 0.64F});
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].customer, customer(2));
}

TEST_F(DeciderTest, OneCustomerIsOneTrackAtATime) {
  EXPECT_EQ(see(1, 3, {0.7F}).size(), 1U);
  EXPECT_TRUE(see(2, 3, {0.6F}, "till").empty()) << "a lookalike, also on another camera";
  EXPECT_FALSE(decider_.decided("till", TrackId{2}));
  // When the first leaves, the second may well be the customer.
  const auto matches = end(1);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].camera, "till");
}

TEST_F(DeciderTest, WhoFitsBetterGetsTheCustomer) {
  EXPECT_EQ(see(1, 3, {0.5F}).size(), 1U);
  const auto matches = see(2, 3, {0.8F});
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].track, TrackId{2});
  EXPECT_FALSE(decider_.decided("door", TrackId{1}));
  EXPECT_EQ(decider_.decided("door", TrackId{2}), customer(0));
}

TEST_F(DeciderTest, TwinsSeenTogetherAreToldApart) {
  EXPECT_EQ(see(1, 3, {0.70F, 0.62F}).size(), 1U);
  // Alone this one would be nobody: the other twin is even closer.
  const auto matches = see(2, 3, {0.63F, 0.60F});
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].customer, customer(1));
  EXPECT_EQ(decider_.decided("door", TrackId{1}), customer(0));
}

TEST_F(DeciderTest, ALookalikeDoesNotPushACustomerToAnotherName) {
  EXPECT_TRUE(see(1, 3, {0.63F, 0.60F}).empty());
  const auto matches = see(2, 3, {0.70F, 0.50F});
  ASSERT_EQ(matches.size(), 2U);
  EXPECT_EQ(decider_.decided("door", TrackId{2}), customer(0));
  EXPECT_EQ(decider_.decided("door", TrackId{1}), customer(1));
}

TEST_F(DeciderTest, ALaterLookCorrectsAnEarlierOne) {
  EXPECT_EQ(see(1, 1, {0.6F}).at(0).customer, customer(0));
  EXPECT_TRUE(see(1, 2, {0.5F, 0.4F}).empty());
  EXPECT_EQ(see(1, 3, {0.4F, 0.7F}).at(0).customer, customer(1));
}

TEST_F(DeciderTest, ACorrectionPassesByWhoIsAnotherTrack) {
  EXPECT_EQ(see(1, 3, {0.5F}).at(0).customer, customer(0));
  EXPECT_EQ(see(2, 3, {0.0F, 0.7F}).at(0).customer, customer(1));
  // Alone the two would be too close to each other.
  EXPECT_EQ(see(1, 4, {0.1F, 0.60F, 0.62F}).at(0).customer, customer(2));
  EXPECT_EQ(decider_.decided("door", TrackId{2}), customer(1));
}

TEST_F(DeciderTest, AWorseFrameDoesNotUndoAMatch) {
  EXPECT_EQ(see(1, 1, {0.6F}).size(), 1U);
  EXPECT_TRUE(see(1, 2, {0.1F}).empty());
  EXPECT_EQ(decider_.decided("door", TrackId{1}), customer(0));
  EXPECT_TRUE(see(1, 3, {0.6F}).empty()) << "known already";
}

TEST_F(DeciderTest, FewerFramesMeanThatTheTrackBeganAnew) {
  EXPECT_EQ(see(1, 6, {0.7F}).size(), 1U);
  EXPECT_TRUE(see(1, 2, {0.1F}).empty());
  EXPECT_FALSE(decider_.decided("door", TrackId{1}));
  EXPECT_EQ(see(1, 3, {0.0F, 0.7F}).at(0).customer, customer(1));
}

TEST_F(DeciderTest, TracksOfTwoCamerasAreTwo) {
  EXPECT_EQ(see(1, 3, {0.7F}, "door").size(), 1U);
  EXPECT_EQ(see(1, 3, {0.0F, 0.7F}, "till").size(), 1U);
  EXPECT_TRUE(decider_.knows("door", TrackId{1}));
  EXPECT_TRUE(decider_.knows("till", TrackId{1}));
  decider_.drop_camera("door");
  EXPECT_FALSE(decider_.knows("door", TrackId{1}));
  EXPECT_TRUE(decider_.knows("till", TrackId{1}));
  EXPECT_FALSE(decider_.decided("door", TrackId{1}));
  EXPECT_EQ(decider_.decided("till", TrackId{1}), customer(1));
}

TEST_F(DeciderTest, WhoIsForgottenIsNotMatchedAnyMore) {
  EXPECT_EQ(see(1, 3, {0.7F}).size(), 1U);
  EXPECT_TRUE(see(2, 1, {0.0F, 0.45F}).empty());
  EXPECT_EQ(see(3, 3, {0.0F, 0.0F, 0.7F}).size(), 1U);
  decider_.forget(customer(0));
  decider_.forget(customer(1));
  EXPECT_FALSE(decider_.decided("door", TrackId{1}));
  EXPECT_EQ(decider_.decided("door", TrackId{3}), customer(2)) << "who stays is still known";
  EXPECT_TRUE(end(2).empty());
  EXPECT_TRUE(end(1).empty());
}

TEST_F(DeciderTest, AFileGivesThePosition) {
  auto one = sighting(1, 3, {0.7F});
  one.from_file = true;
  one.position = 1500ms;
  EXPECT_EQ(decider_.observe("door", one, *gallery_, policy_).value().at(0).position, 1500ms);
}

TEST_F(DeciderTest, AnotherEnginesProbeChangesNothing) {
  auto one = sighting(1, 3, {0.7F});
  one.probe = Template("dlib", std::vector<float>(8, 1.0F));
  EXPECT_EQ(decider_.observe("door", one, *gallery_, policy_).error().code, "template_mismatch");
  EXPECT_FALSE(decider_.knows("door", TrackId{1}));
}

TEST_F(DeciderTest, AnEmptyGalleryKnowsNobody) {
  gallery_ = gallery_of(0);
  policy_ = DecisionPolicy::derive(calibration(), {}, 0);
  EXPECT_TRUE(see(1, 3, {1.0F}).empty());
  EXPECT_TRUE(end(1).empty());
}

}  // namespace
}  // namespace maitred
