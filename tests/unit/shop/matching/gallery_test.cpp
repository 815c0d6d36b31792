#include "maitred/shop/matching/gallery.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "synthetic.h"

namespace maitred {
namespace {

GalleryEntry entry(const CustomerId& id, std::vector<Template> templates) {
  return {id, std::move(templates)};
}

template <class... Templates>
std::vector<Template> list(Templates... templates) {
  std::vector<Template> result;
  (result.push_back(std::move(templates)), ...);
  return result;
}

Template axis(std::vector<float> values) { return Template("synthetic", values); }

TEST(Gallery, OfNobodyFindsNobody) {
  const auto gallery = Gallery::build("synthetic", 3, {}).value();
  EXPECT_EQ(gallery->customers(), 0U);
  EXPECT_TRUE(gallery->search(axis({1, 0, 0})).value().empty());
}

TEST(Gallery, AgreesWithComparingOneByOne) {
  for (const std::size_t length : {1U, 7U, 16U, 17U, 31U, 33U, 128U, 256U}) {
    SyntheticPeople people(length);
    std::vector<GalleryEntry> entries;
    for (std::size_t i = 0; i < 30; ++i) {  // fewer than a cohort
      entries.push_back(entry(customer(i), list(people.frame(people.person(), 0.0F))));
    }
    const auto gallery = Gallery::build("synthetic", length, entries).value();
    const Template probe = people.frame(people.person(), 0.0F);
    std::vector<std::pair<float, CustomerId>> expected;
    for (const auto& one : entries) {
      expected.emplace_back(similarity(one.templates[0], probe).value, one.customer);
    }
    std::sort(expected.rbegin(), expected.rend());
    const auto found = gallery->search(probe, 4).value();
    ASSERT_EQ(found.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(found[i].similarity.value, expected[i].first, 1e-5F);
      if (length > 1) {
        EXPECT_EQ(found[i].customer, expected[i].second);
      }
    }
    EXPECT_NEAR(gallery->score(customer(3), probe).value().value,
                similarity(entries[3].templates[0], probe).value, 1e-5F);
  }
}

TEST(Gallery, SeveralProbesFindWhatEachFindsAlone) {
  SyntheticPeople people(33);
  std::vector<GalleryEntry> entries;
  for (std::size_t i = 0; i < 61; ++i) {  // a cohort, and an odd number of rows
    entries.push_back(entry(customer(i), list(people.frame(people.person(), 0.0F))));
  }
  const auto gallery = Gallery::build("synthetic", 33, entries).value();
  std::vector<Template> given;
  for (std::size_t i = 0; i < 35; ++i) given.push_back(people.frame(people.person(), 0.0F));
  for (const std::size_t count : {0U, 1U, 3U, 4U, 5U, 16U, 35U}) {
    std::vector<const Template*> probes;
    for (std::size_t i = 0; i < count; ++i) probes.push_back(&given[i]);
    const auto together = gallery->search_each(probes, 3).value();
    ASSERT_EQ(together.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto alone = gallery->search(given[i], 3).value();
      ASSERT_EQ(together[i].size(), alone.size());
      for (std::size_t k = 0; k < alone.size(); ++k) {
        EXPECT_EQ(together[i][k].customer, alone[k].customer);
        EXPECT_NEAR(together[i][k].similarity.value, alone[k].similarity.value, 1e-5F);
      }
    }
  }
  const Template other = axis({1, 0, 0});
  EXPECT_EQ(gallery->search_each({&given[0], &other}).error().code, "template_mismatch");
}

TEST(Gallery, ACustomerCountsOnceHoweverManyPhotos) {
  std::vector<GalleryEntry> entries;
  entries.push_back(entry(customer(1), list(axis({1, 0, 0}), axis({0.9F, 0.1F, 0}))));
  entries.push_back(entry(customer(2), list(axis({0, 1, 0}))));
  entries.push_back(entry(customer(1), list(axis({0.8F, 0, 0.1F}))));
  entries.push_back(entry(customer(3), {}));
  const auto gallery = Gallery::build("synthetic", 3, entries).value();
  EXPECT_EQ(gallery->customers(), 2U) << "without a template nobody can be matched";
  const auto found = gallery->search(axis({1, 0.2F, 0}), 5).value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].customer, customer(1));
  EXPECT_EQ(found[1].customer, customer(2));
}

TEST(Gallery, TheMeanOfThePhotosStandsForTheCustomer) {
  std::vector<GalleryEntry> entries;
  entries.push_back(entry(customer(1), list(axis({1, 0}), axis({0, 1}))));
  entries.push_back(entry(customer(2), list(axis({-1, 0}))));
  const auto gallery = Gallery::build("synthetic", 2, entries).value();
  const auto score = [&](std::vector<float> probe) {
    return gallery->search(axis(std::move(probe)), 1).value().at(0).similarity.value;
  };
  const float half = std::sqrt(0.5F);
  // The mean of these two is sqrt(0.5) long; see gallery.h.
  const float length = std::pow(half, 0.45F);
  EXPECT_NEAR(score({1, 0}), half * length, 1e-6F);
  EXPECT_NEAR(score({1, 1}), length, 1e-6F);
  EXPECT_EQ(gallery->rows(), 2U);
}

TEST(Gallery, APoorPhotoCountsForLessInTheMean) {
  const std::vector<float> good = {1, 0}, poor = {0, 1};
  std::vector<GalleryEntry> entries;
  entries.push_back(entry(
      customer(1), list(Template("synthetic", good, 0.8F), Template("synthetic", poor, 0.2F))));
  const auto gallery = Gallery::build("synthetic", 2, entries).value();
  // By the roots of their qualities two to one: the mean of (1, 0), (1, 0) and (0, 1).
  const float length = std::pow(std::sqrt(5.0F) / 3.0F, 0.45F);
  EXPECT_NEAR(gallery->search(axis({1, 0}), 1).value().at(0).similarity.value,
              2.0F / std::sqrt(5.0F) * length, 1e-6F);
  EXPECT_NEAR(gallery->search(axis({0, 1}), 1).value().at(0).similarity.value,
              1.0F / std::sqrt(5.0F) * length, 1e-6F);
}

TEST(Gallery, RefusesTemplatesOfAnotherEngineOrLength) {
  std::vector<GalleryEntry> entries;
  entries.push_back(entry(customer(1), list(axis({1, 0}))));
  EXPECT_EQ(Gallery::build("retail", 2, entries).error().code, "template_mismatch");
  EXPECT_EQ(Gallery::build("synthetic", 3, entries).error().code, "template_mismatch");
  const auto gallery = Gallery::build("synthetic", 2, entries).value();
  EXPECT_EQ(gallery->search(axis({1, 0, 0})).error().code, "template_mismatch");
  EXPECT_EQ(gallery->search(Template()).error().code, "template_mismatch");
  EXPECT_EQ(gallery->score(customer(1), axis({1})).error().code, "template_mismatch");
  EXPECT_EQ(gallery->score(customer(9), axis({1, 0})).error().code, "unknown_customer");
}

TEST(Gallery, WhoeverGoesIsGoneAndTheOthersStay) {
  SyntheticPeople people(33);
  std::vector<Template> faces;
  const auto gallery = Gallery::build("synthetic", 33, {}).value();
  const auto copy = [&](std::size_t i) { return list(faces[i].clone()); };
  for (std::size_t i = 0; i < 100; ++i) {
    faces.push_back(people.frame(people.person(), 0.0F));
    ASSERT_TRUE(gallery->put(customer(i), copy(i)));
  }
  gallery->settle_some(gallery->rows());
  for (std::size_t i = 0; i < 100; i += 2) {
    gallery->remove(customer(i));
    gallery->remove(customer(i));
    gallery->settle_some(gallery->rows());
    EXPECT_FALSE(gallery->holds(customer(i)));
    EXPECT_EQ(gallery->score(customer(i), faces[i]).error().code, "unknown_customer");
  }
  EXPECT_EQ(gallery->customers(), 50U);
  for (std::size_t i = 0; i < 100; ++i) {
    const auto found = gallery->search(faces[i], 1).value();
    EXPECT_EQ(found[0].customer == customer(i), i % 2 == 1) << i;
  }
  // Without templates, as `remove`; back again, with another face.
  ASSERT_TRUE(gallery->put(customer(1), {}));
  EXPECT_FALSE(gallery->holds(customer(1)));
  ASSERT_TRUE(gallery->put(customer(1), copy(0)));
  gallery->settle_some(gallery->rows());
  EXPECT_EQ(gallery->search(faces[0], 1).value()[0].customer, customer(1));
  EXPECT_EQ(gallery->put(customer(1), list(axis({1, 0}))).error().code, "template_mismatch");
  EXPECT_EQ(gallery->search(faces[0], 1).value()[0].customer, customer(1));
}

TEST(Gallery, AskedForNobodyGivesNobody) {
  std::vector<GalleryEntry> entries;
  entries.push_back(entry(customer(1), list(axis({1, 0}))));
  const auto gallery = Gallery::build("synthetic", 2, entries).value();
  EXPECT_TRUE(gallery->search(axis({1, 0}), 0).value().empty());
}

}  // namespace
}  // namespace maitred
