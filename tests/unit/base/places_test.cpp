#include "maitred/base/net/places.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using namespace std::chrono_literals;

const Timestamp kNow{1h};

Place place(SessionId id, std::string origin, Claim claim) {
  if (!claim.since) claim.since = kNow - 1min;
  return {id, std::move(origin), claim};
}

std::vector<Place> many(std::size_t count, const std::string& origin, Claim claim = {}) {
  std::vector<Place> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(place(out.size() + 1, origin, claim));
  return out;
}

TEST(Places, WhileThereIsRoomNobodyGoes) {
  const Admission admission = admit_newcomer(many(3, "a"), {.places = 4}, "a", kNow);
  EXPECT_FALSE(admission.full);
  EXPECT_FALSE(admission.evicted);
}

TEST(Places, WhoHasNotAskedGoesBeforeWhoHasAndTheOldestFirst) {
  const std::vector<Place> places = {place(1, "", {.asked = true, .since = kNow - 9min}),
                                     place(2, "", {.since = kNow - 2min}),
                                     place(3, "", {.since = kNow - 3min})};
  EXPECT_EQ(admit_newcomer(places, {.places = 3}, "", kNow).evicted, 3U);
}

TEST(Places, AnAuthenticatedClientNeverGoes) {
  std::vector<Place> places = many(3, "", {.authenticated = true, .since = kNow - 50min});
  EXPECT_TRUE(admit_newcomer(places, {.places = 3}, "", kNow).full);
  places.push_back(place(4, "", {.asked = true, .since = kNow - 1s}));
  EXPECT_EQ(admit_newcomer(places, {.places = 4}, "", kNow).evicted, 4U);
}

TEST(Places, AnAddressThatHasAllItsPlacesMakesRoomItself) {
  std::vector<Place> places = many(4, "flood");
  places.push_back(place(9, "shop", {.since = kNow - 30min}));
  const PlaceLimits limits{.places = 100, .places_of_origin = 4};
  EXPECT_EQ(admit_newcomer(places, limits, "flood", kNow).evicted, 1U);
  EXPECT_FALSE(admit_newcomer(places, limits, "shop", kNow).evicted);
}

TEST(Places, ManyAuthenticatedClientsBehindOneAddressAreNoFlood) {
  const auto places = many(50, "shop", {.authenticated = true});
  EXPECT_FALSE(admit_newcomer(places, {.places = 100, .places_of_origin = 4}, "shop", kNow).full);
}

TEST(Places, TheAddressThatHasMostPlacesMakesRoomForOthers) {
  std::vector<Place> places = many(3, "flood");
  places.push_back(place(9, "shop", {.since = kNow - 30min}));
  EXPECT_EQ(admit_newcomer(places, {.places = 4}, "new", kNow).evicted, 1U);
}

TEST(Places, TheYoungAreLeftAlone) {
  const auto places = many(2, "", {.since = kNow - 1s});
  EXPECT_TRUE(admit_newcomer(places, {.places = 2, .grace = 2s}, "", kNow).full);
  EXPECT_FALSE(admit_newcomer(places, {.places = 2, .grace = 1s}, "", kNow).full);
}

TEST(Places, OneMachineIsOneOrigin) {
  EXPECT_EQ(origin_of("127.0.0.1"), "");
  EXPECT_EQ(origin_of("::1"), "");
  EXPECT_EQ(origin_of("::ffff:127.0.0.1"), "");
  EXPECT_EQ(origin_of("no address"), "");
  EXPECT_EQ(origin_of("192.0.2.7"), origin_of("::ffff:192.0.2.7"));
  EXPECT_NE(origin_of("192.0.2.7"), origin_of("192.0.2.8"));
  EXPECT_EQ(origin_of("2001:db8:1:2::1"), origin_of("2001:db8:1:2:ffff::9"));
  EXPECT_NE(origin_of("2001:db8:1:2::1"), origin_of("2001:db8:1:3::1"));
  EXPECT_EQ(origin_of("fe80::1%eth0"), origin_of("fe80::2"));
}

}  // namespace
}  // namespace maitred
