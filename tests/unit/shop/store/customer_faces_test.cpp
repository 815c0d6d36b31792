// Kept photos, templates of visits, and what answers led to.
#include "store_fixture.h"

namespace maitred {
namespace {

class CustomerFacesTest : public StoreTest {
 protected:
  CustomerFacesTest() : store_(create()) {
    NewCustomer given = new_customer("One", "");
    given.photos = {{1, 2, 3}, {4, 5}};
    id_ = must(customers().enrol(given, kActor));
  }
  Customers& customers() { return store_.customers(); }
  void learn(unsigned seed, const std::string& engine = "retail") {
    const Template rotated = store_.rotation().rotate(made_up_template(seed, engine));
    must(customers().learn_template(id_, rotated, 3, kActor));
  }
  // Of the plain templates with these seeds, which are there.
  bool has(unsigned seed) {
    const Template wanted = store_.rotation().rotate(made_up_template(seed));
    for (const Template& one : must(customers().templates(id_))) {
      if (one.engine() == "retail" && similarity(one, wanted).value > 0.999F) return true;
    }
    return false;
  }

  Store store_;
  CustomerId id_;
};

TEST_F(CustomerFacesTest, PhotosAreReplacedAndGoWithWithdrawal) {
  EXPECT_EQ(must(customers().photo_count(id_)), 2U);
  must(customers().replace_photos(id_, {{9, 9, 9}}, kActor));
  EXPECT_EQ(must(customers().photos(id_)), (std::vector<std::vector<std::uint8_t>>{{9, 9, 9}}));
  must(store_.withdraw(id_, kActor));
  EXPECT_EQ(must(customers().photo_count(id_)), 0U);
  EXPECT_EQ(code_of(store_.check()), "");
  EXPECT_EQ(code_of(store_.audit().verify()), "");
}

TEST_F(CustomerFacesTest, TemplatesOfVisitsAreBoundedAndReversible) {
  for (const unsigned seed : {11U, 12U, 13U, 14U, 15U}) learn(seed);
  EXPECT_EQ(must(customers().learned_count(id_)), 3U);
  EXPECT_FALSE(has(12));
  EXPECT_TRUE(has(13) && has(14) && has(15)) << "the newest stay";
  EXPECT_TRUE(has(1)) << "that of the photo too";
  EXPECT_EQ(must(customers().forget_learned(id_, kActor)), 3U);
  EXPECT_EQ(must(customers().templates(id_)).size(), 1U);
  EXPECT_TRUE(has(1));
  EXPECT_EQ(code_of(store_.check()), "");
  EXPECT_EQ(code_of(store_.audit().verify()), "");
}

TEST_F(CustomerFacesTest, HowGoodEachPhotoWasIsKept) {
  std::vector<Template> photos;
  photos.emplace_back("retail", made_up_template(2).values(), 0.25F);
  photos.emplace_back("retail", made_up_template(3).values(), 0.75F);
  must(customers().replace_templates(id_, photos, kActor));
  const auto kept = must(customers().templates(id_));
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].quality(), 0.25F);
  EXPECT_EQ(kept[1].quality(), 0.75F);
}

TEST_F(CustomerFacesTest, NewPhotosEndWhatWasLearnedAndOtherEngines) {
  std::vector<Template> other;
  other.push_back(made_up_template(2, "sface"));
  must(customers().replace_templates(id_, other, kActor));
  learn(11);
  EXPECT_EQ(must(customers().templates(id_)).size(), 3U);
  std::vector<Template> fresh;
  fresh.push_back(made_up_template(3));
  must(customers().replace_templates(id_, fresh, kActor));
  EXPECT_TRUE(has(3));
  EXPECT_FALSE(has(11) || has(1));
  EXPECT_EQ(must(customers().templates(id_)).size(), 2U) << "the other engine's stays";
  EXPECT_EQ(must(customers().learned_count(id_)), 0U);
  must(customers().replace_templates(id_, fresh, kActor, Customers::OtherEngines::kGo));
  EXPECT_EQ(must(customers().templates(id_)).size(), 1U);
}

TEST_F(CustomerFacesTest, CautionIsKeptAndOnRecord) {
  EXPECT_TRUE(must(customers().find(id_)).caution.none());
  const Caution caution{2, {kNow, kNow + std::chrono::hours(1)}, kNow};
  must(customers().set_caution(id_, caution, kActor, "wrong person"));
  EXPECT_EQ(must(customers().find(id_)).caution, caution);
  must(customers().update_profile(id_, {"Uno", "", {}}, kActor));
  EXPECT_EQ(must(customers().find(id_)).caution, caution) << "other changes leave it";
  EXPECT_EQ(must(store_.audit().rows(2)).front().action, "caution");
}

}  // namespace
}  // namespace maitred
