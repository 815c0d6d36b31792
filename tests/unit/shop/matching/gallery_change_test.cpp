// A gallery that changes while what is taken off its rows is still being worked out.
#include <gtest/gtest.h>

#include <random>

#include "maitred/shop/matching/gallery.h"
#include "synthetic.h"

namespace maitred {
namespace {

constexpr std::size_t kShortLength = 32;

TEST(ChangingGallery, IsInTheEndAsIfBuiltAnew) {
  SyntheticPeople people(kShortLength);
  std::map<CustomerId, std::vector<float>> faces;
  Gallery gallery("synthetic", kShortLength);
  const auto photo = [](const std::vector<float>& face) {
    std::vector<Template> photos;
    photos.emplace_back("synthetic", face);
    return photos;
  };
  std::size_t number = 0;
  const auto come = [&] {
    const CustomerId id = customer(number++);
    faces[id] = people.person();
    ASSERT_TRUE(gallery.put(id, photo(faces[id]), static_cast<std::uint32_t>(number % 3)));
  };
  while (number < 1200) come();
  std::mt19937 random(3);
  for (int change = 0; change < 300; ++change) {
    auto someone = faces.begin();
    std::advance(someone, static_cast<std::ptrdiff_t>(random() % faces.size()));
    if (change % 3 == 0) {
      come();
    } else if (change % 3 == 1) {
      gallery.remove(someone->first);
      faces.erase(someone);
    } else {
      someone->second = people.person();
      ASSERT_TRUE(gallery.put(someone->first, photo(someone->second)));
    }
    gallery.settle_some(200);
  }
  while (gallery.settle_some(200)) {
  }
  std::vector<GalleryEntry> entries;
  for (const auto& [id, face] : faces) entries.push_back({id, photo(face), gallery.caution(id)});
  const auto anew = Gallery::build("synthetic", kShortLength, entries).value();
  EXPECT_EQ(gallery.customers(), faces.size());
  for (int probe = 0; probe < 20; ++probe) {
    const Template visitor = people.frame(people.person(), 0.0F);
    const auto changed = gallery.search(visitor, faces.size()).value();
    const auto built = anew->search(visitor, faces.size()).value();
    ASSERT_EQ(changed.size(), built.size());
    for (std::size_t i = 0; i < built.size(); ++i) {
      ASSERT_EQ(changed[i].customer, built[i].customer);
      ASSERT_EQ(changed[i].similarity, built[i].similarity);
      ASSERT_EQ(changed[i].caution, built[i].caution);
    }
  }
}

TEST(ChangingGallery, TakesCautionForWhoIsThereOnly) {
  Gallery gallery("synthetic", 2);
  std::vector<Template> photos;
  photos.emplace_back("synthetic", std::vector<float>{1, 0});
  ASSERT_TRUE(gallery.put(customer(1), photos));
  gallery.set_caution(customer(1), 2);
  gallery.set_caution(customer(2), 2);
  gallery.settle_some(1);
  EXPECT_EQ(gallery.search(photos[0], 1).value().at(0).caution, 2U);
  EXPECT_EQ(gallery.caution(customer(1)), 2U);
  EXPECT_EQ(gallery.caution(customer(2)), 0U);
  EXPECT_EQ(gallery.pair_similarity(customer(2), customer(1)).value, -1.0F) << "nobody's likeness";
}

}  // namespace
}  // namespace maitred
