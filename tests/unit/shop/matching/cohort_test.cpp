// What a gallery of many takes off a similarity, and that doing so pays.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "maitred/shop/matching/gallery.h"
#include "synthetic.h"

namespace maitred {
namespace {

constexpr std::size_t kLength = 64;

// People of two kinds: most are random directions, some share a direction, as faces do of which an
// embedder has seen few.
struct MixedPeople {
  explicit MixedPeople(unsigned seed) : people(kLength, seed), shared(people.person()) {}

  std::vector<float> person(bool alike) {
    std::vector<float> values = people.person();
    if (!alike) return values;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += 0.8F * shared[i];
    return values;
  }
  Template photo(const std::vector<float>& face) { return people.frame(face, 0.9F); }

  SyntheticPeople people;
  std::vector<float> shared;
};

std::vector<GalleryEntry> clone(const std::vector<GalleryEntry>& entries) {
  std::vector<GalleryEntry> copies;
  for (const GalleryEntry& one : entries) {
    GalleryEntry copy{one.customer, {}};
    for (const Template& photo : one.templates) copy.templates.push_back(photo.clone());
    copies.push_back(std::move(copy));
  }
  return copies;
}

TEST(Cohort, FewerCustomersAreMissedAtTheSameFalseAlerts) {
  MixedPeople world(11);
  std::vector<GalleryEntry> entries;
  std::vector<std::vector<float>> faces;
  for (std::size_t i = 0; i < 200; ++i) {
    faces.push_back(world.person(i % 5 == 0));
    GalleryEntry one{customer(i), {}};
    one.templates.push_back(world.photo(faces.back()));
    entries.push_back(std::move(one));
  }
  const auto gallery = Gallery::build("synthetic", kLength, entries).value();
  const auto cosine = [&](const Template& probe) {
    float best = -1.0F;
    for (const GalleryEntry& one : entries) {
      best = std::max(best, similarity(one.templates[0], probe).value);
    }
    return best;
  };
  struct Scores {
    std::vector<float> strangers, customers;
    std::size_t missed_at_one_percent() {
      std::sort(strangers.rbegin(), strangers.rend());
      const float threshold = strangers[strangers.size() / 100];
      return static_cast<std::size_t>(
          std::count_if(customers.begin(), customers.end(),
                        [threshold](float score) { return score <= threshold; }));
    }
  } plain, normalised;
  const auto look = [&](const Template& probe, std::vector<float> Scores::*kind) {
    (plain.*kind).push_back(cosine(probe));
    (normalised.*kind).push_back(gallery->search(probe, 1).value().at(0).similarity.value);
  };
  for (int i = 0; i < 3000; ++i) look(world.photo(world.person(i % 5 == 0)), &Scores::strangers);
  for (const auto& face : faces) {
    for (int i = 0; i < 5; ++i) look(world.photo(face), &Scores::customers);
  }
  const std::size_t before = plain.missed_at_one_percent();
  const std::size_t after = normalised.missed_at_one_percent();
  EXPECT_GT(before, 100U) << "of 1000: too easy to show anything";
  EXPECT_LT(static_cast<double>(after), 0.75 * static_cast<double>(before));
}

TEST(Cohort, AChangedGalleryIsTheSameAsANewOne) {
  for (const std::size_t count : {40U, 300U}) {
    MixedPeople world(3);
    std::vector<GalleryEntry> entries;
    for (std::size_t i = 0; i < count; ++i) {
      GalleryEntry one{customer(i), {}};
      one.templates.push_back(world.photo(world.person(i % 3 == 0)));
      entries.push_back(std::move(one));
    }
    const auto gallery = Gallery::build("synthetic", kLength, entries).value();
    std::mt19937 random(5);
    for (int change = 0; change < 60; ++change) {
      const std::size_t at = random() % entries.size();
      switch (change % 3) {
        case 0:
          gallery->remove(entries[at].customer);
          entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        case 1: {
          GalleryEntry one{customer(1000 + static_cast<std::size_t>(change)), {}};
          one.templates.push_back(world.photo(world.person(true)));
          ASSERT_TRUE(gallery->put(one.customer, one.templates));
          entries.push_back(std::move(one));
          break;
        }
        default:
          entries[at].templates.push_back(world.photo(world.person(false)));
          ASSERT_TRUE(gallery->put(entries[at].customer, entries[at].templates));
      }
      while (gallery->settle_some(100)) {
      }
      const auto fresh = Gallery::build("synthetic", kLength, clone(entries)).value();
      const Template probe = world.photo(world.person(true));
      const auto changed = gallery->search(probe, 5).value();
      const auto anew = fresh->search(probe, 5).value();
      ASSERT_EQ(changed.size(), anew.size());
      for (std::size_t i = 0; i < anew.size(); ++i) {
        EXPECT_EQ(changed[i].customer, anew[i].customer);
        EXPECT_EQ(changed[i].similarity, anew[i].similarity);
      }
      // 1:1, another member of the cohort may be left out than in the search.
      EXPECT_NEAR(gallery->score(anew[0].customer, probe).value().value, anew[0].similarity.value,
                  0.03F);
    }
  }
}

}  // namespace
}  // namespace maitred
