// Who is recognised, and who is not any more.
#include "maitred/shop/desk/recognition.h"

#include "desk_fixture.h"

namespace maitred {
namespace {

class RecognitionTest : public DeskTest {
 protected:
  Recognition& recognition() { return *taken(shop_->recognition()); }
  // The customer that a new track with this face is decided to be.
  std::optional<CustomerId> seen_as(Template probe) {
    ++track_;
    const auto matches =
        taken(recognition().observe("entrance", sighting(track_, std::move(probe))));
    return matches.empty() ? std::nullopt : std::optional(matches[0].customer);
  }
  std::uint64_t track_ = 0;
};

TEST_F(RecognitionTest, AnEnrolledFaceIsMatchedAndAStrangerIsNot) {
  const CustomerId one = enrol(1);
  const CustomerId two = enrol(2);
  EXPECT_EQ(seen_as(face(1)), one);
  EXPECT_EQ(seen_as(face(2, 0.9F)), two);
  EXPECT_EQ(seen_as(face(40)), std::nullopt);
  EXPECT_EQ(recognition().customers(), 2U);
}

TEST_F(RecognitionTest, WhoEnrolsLaterIsMatchedAtOnce) {
  EXPECT_EQ(seen_as(face(1)), std::nullopt);
  const CustomerId one = enrol(1);
  EXPECT_EQ(seen_as(face(1)), one);
}

TEST_F(RecognitionTest, WithdrawalAndErasureEndMatching) {
  const CustomerId one = enrol(1);
  const CustomerId two = enrol(2);
  std::vector<Template> photos;
  photos.push_back(face(1));
  EXPECT_TRUE(taken(recognition().verify(one, photos)));
  ASSERT_EQ(error_of(shop_->desk().withdraw(one, kAdmin)), "");
  ASSERT_EQ(error_of(shop_->customer_changed(one)), "");
  taken(shop_->desk().forget(two, kAdmin));
  ASSERT_EQ(error_of(shop_->customer_changed(two)), "");
  EXPECT_EQ(seen_as(face(1)), std::nullopt);
  EXPECT_EQ(seen_as(face(2)), std::nullopt);
  EXPECT_EQ(recognition().customers(), 0U);
  EXPECT_EQ(error_of(recognition().verify(one, photos)), "consent_missing");
  EXPECT_EQ(error_of(recognition().verify(two, photos)), "unknown_customer");
}

TEST_F(RecognitionTest, AnExpiredConsentEndsMatching) {
  const CustomerId brief = enrol(1, {Scope::kRecognition}, kMorning + std::chrono::hours{1});
  const auto morning = taken(Recognition::load(store(), settings_, kMorning));
  std::vector<Template> photos;
  photos.push_back(face(1));
  EXPECT_EQ(taken(morning->identify(photos))->customer, brief);
  ASSERT_EQ(error_of(morning->drop_expired(kMorning + std::chrono::minutes{59})), "");
  EXPECT_EQ(morning->customers(), 1U);
  ASSERT_EQ(error_of(morning->drop_expired(kMorning + std::chrono::hours{1})), "");
  EXPECT_FALSE(taken(morning->identify(photos)));
  EXPECT_EQ(morning->customers(), 0U);
}

TEST_F(RecognitionTest, CautionAsksForAClearerMatch) {
  const CustomerId one = enrol(1);
  EXPECT_EQ(seen_as(face(1, 0.80F)), one);
  recognition().drop_camera("entrance");
  Caution caution;
  caution.steps = kMostCaution;
  ASSERT_EQ(error_of(recognition().set_caution(one, caution)), "");
  EXPECT_EQ(seen_as(face(1, 0.80F)), std::nullopt);
  EXPECT_EQ(seen_as(face(1)), one);
  ASSERT_EQ(recognition().cautious().size(), 1U);
  EXPECT_EQ(recognition().cautious()[0].first, one);
  EXPECT_FALSE(recognition().suspended(one));
  caution.suspended = kMorning;
  ASSERT_EQ(error_of(recognition().set_caution(one, caution)), "");
  EXPECT_TRUE(recognition().suspended(one));
}

TEST_F(RecognitionTest, TheTemplateOfAVisitIsKeptOnlyWithItsScope) {
  const CustomerId plain = enrol(1);
  const CustomerId improving = enrol(2, {Scope::kRecognition, Scope::kTemplateImprovement});
  EXPECT_EQ(seen_as(face(1)), plain);
  EXPECT_EQ(seen_as(face(2)), improving);
  EXPECT_FALSE(recognition().take_visit_template(plain));
  const auto kept = recognition().take_visit_template(improving);
  ASSERT_TRUE(kept);
  // It is rotated as in the store, so it does not resemble the plain face.
  EXPECT_NEAR(similarity(*kept, store().rotation().rotate(face(2))).value, 1.0F, 1e-5F);
  EXPECT_FALSE(recognition().take_visit_template(improving)) << "it is taken once";
}

TEST_F(RecognitionTest, ADoubtfulMatchTeachesNothing) {
  const CustomerId improving = enrol(2, {Scope::kRecognition, Scope::kTemplateImprovement});
  EXPECT_EQ(seen_as(face(2, 0.65F)), improving);
  EXPECT_FALSE(recognition().take_visit_template(improving));
}

TEST_F(RecognitionTest, AnotherEngineIsRefused) {
  enrol(1);
  Sighting other = sighting(1, Template("retail", std::vector<float>(256, 1.0F)));
  EXPECT_EQ(error_of(recognition().observe("entrance", other)), "template_mismatch");
  Settings uncalibrated = settings_;
  uncalibrated.engine = "sface";
  const auto refused = Recognition::load(store(), uncalibrated, kMorning);
  EXPECT_EQ(error_of(refused), "engine_uncalibrated");
  EXPECT_EQ(refused.error().fault, Fault::kEnvironment);
}

TEST_F(RecognitionTest, AFaceThatIsEnrolledAlreadyIsFound) {
  const CustomerId one = enrol(1);
  std::vector<Template> photos;
  photos.push_back(face(1, 0.95F));
  EXPECT_EQ(taken(recognition().duplicate_of(photos)), one);
  photos[0] = face(5);
  EXPECT_EQ(taken(recognition().duplicate_of(photos)), std::nullopt);
}

}  // namespace
}  // namespace maitred
