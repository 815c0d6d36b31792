// Few people in a space of few values, so that each similarity is written down.
#include "maitred/shop/matching/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "synthetic.h"

namespace maitred {
namespace {

using testing::ElementsAre;

// Thresholds: .36 for a single try at FPIR 1e-3 and four rows, .4 for look-alikes.
Calibration calibration() {
  return Calibration::from_rows({{0.2F, 1e-2, 0.01}, {0.5F, 1e-5, 0.05}}).value();
}

Template face(const std::vector<float>& values) { return Template("synthetic", values); }

std::vector<Template> faces(const std::vector<std::vector<float>>& all) {
  std::vector<Template> result;
  for (const auto& one : all) result.push_back(face(one));
  return result;
}

std::unique_ptr<Gallery> gallery_of(const std::vector<std::vector<float>>& people) {
  auto gallery = std::make_unique<Gallery>("synthetic", 4);
  for (std::size_t i = 0; i < people.size(); ++i) {
    EXPECT_TRUE(gallery->put(customer(i), faces({people[i]})));
  }
  gallery->settle_some(gallery->rows());
  return gallery;
}

std::optional<CustomerId> who(const Gallery& gallery, const std::vector<float>& values) {
  const auto policy = DecisionPolicy::derive(calibration(), {}, gallery.rows());
  const auto found = identify(gallery, policy, faces({values})).value();
  return found ? std::optional(found->customer) : std::nullopt;
}

TEST(Identify, TheOnlyCustomerHasNobodyToBeMistakenFor) {
  const auto gallery = gallery_of({{1, 0, 0, 0}});
  EXPECT_EQ(who(*gallery, {0.5F, 0.8660254F, 0, 0}), customer(0));
  EXPECT_EQ(who(*gallery, {0.2F, 0.9797959F, 0, 0}), std::nullopt);
}

TEST(Identify, InAnEmptyShopNobodyIsKnown) {
  const auto gallery = gallery_of({});
  EXPECT_EQ(who(*gallery, {1, 0, 0, 0}), std::nullopt);
  EXPECT_EQ(find_duplicate(*gallery, calibration(), faces({{1, 0, 0, 0}}), 1e-2).value(),
            std::nullopt);
  EXPECT_TRUE(find_lookalikes(*gallery, calibration(), faces({{1, 0, 0, 0}})).value().empty());
}

TEST(Identify, PhotosOfDifferentLengthsAreNotMixed) {
  const auto gallery = gallery_of({{1, 0, 0, 0}});
  const auto policy = DecisionPolicy::derive(calibration(), {}, 1);
  EXPECT_EQ(identify(*gallery, policy, faces({{1, 0, 0, 0}, {1, 0, 0}})).error().code,
            "template_mismatch");
}

TEST(Identify, OnePhotoIsEnoughToFindADuplicate) {
  const auto gallery = gallery_of({{1, 0, 0, 0}, {0, 1, 0, 0}});
  EXPECT_EQ(find_duplicate(*gallery, calibration(), faces({{0, 0.8F, 0.6F, 0}}), 1e-2).value(),
            customer(1));
}

// The mean of the two photos is as near to either customer, the first photo plainly is one of them.
TEST(Identify, ADuplicateIsWhomAPhotoShowsMostPlainly) {
  const auto gallery = gallery_of({{1, 0, 0, 0}, {0, 1, 0, 0}});
  EXPECT_EQ(find_duplicate(*gallery, calibration(), faces({{0, 1, 0, 0}, {0.8F, 0, 0.6F, 0}}), 1e-2)
                .value(),
            customer(1));
}

// Customers 0 to 3 resemble one another; nobody reads a longer list of names.
TEST(Identify, NamesTheNearestThreeWhoLookAlike) {
  const auto gallery =
      gallery_of({{1, 0, 0, 0}, {0.9F, 0.435F, 0, 0}, {0.9F, 0, 0.435F, 0}, {0.9F, 0, 0, 0.435F}});
  EXPECT_THAT(
      find_lookalikes(*gallery, calibration(), faces({{0.95F, 0.3F, 0, 0}, {0.95F, 0, 0.1F, 0.3F}}))
          .value(),
      ElementsAre(customer(1), customer(3), customer(0)));
}

}  // namespace
}  // namespace maitred
