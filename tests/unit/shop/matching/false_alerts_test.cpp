// The promise of the product: false alerts stay where the operator put them, although each visitor
// is looked at many times. Strangers, customers and cameras are simulated with a calibration that
// is exact for them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "maitred/shop/matching/decider.h"
#include "maitred/shop/matching/identify.h"
#include "synthetic.h"

namespace maitred {
namespace {

constexpr std::size_t kDrawnLength = 64;

// P(cosine of two random directions >= t), by Simpson's rule on its density (1 - t^2)^((n-3)/2).
double impostor_rate(double t) {
  const auto density = [](double x) {
    return std::pow(std::max(0.0, 1.0 - x * x), (static_cast<double>(kDrawnLength) - 3.0) / 2.0);
  };
  const auto integral = [&](double from, double to) {
    constexpr int kSteps = 4000;
    const double step = (to - from) / kSteps;
    double sum = density(from) + density(to);
    for (int i = 1; i < kSteps; ++i) sum += density(from + i * step) * (i % 2 == 1 ? 4.0 : 2.0);
    return sum * step / 3.0;
  };
  return integral(t, 1.0) / integral(-1.0, 1.0);
}

Calibration exact() {
  std::vector<CalibrationRow> rows;
  for (int i = 0; i <= 60; ++i) {
    const double t = 0.1 + i * 0.01;
    rows.push_back({static_cast<float>(t), impostor_rate(t), 0.001 * i});
  }
  return Calibration::from_rows(rows).value();
}

struct Shop {
  Shop(std::size_t customers, double fpir, unsigned seed) : people(kDrawnLength, seed) {
    std::vector<GalleryEntry> entries;
    for (std::size_t i = 0; i < customers; ++i) {
      faces.push_back(people.person());
      GalleryEntry one{customer(i), {}};
      one.templates.push_back(people.frame(faces.back(), 0.0F));
      entries.push_back(std::move(one));
    }
    gallery = Gallery::build("synthetic", kDrawnLength, entries).value();
    policy = DecisionPolicy::derive(exact(), {.fpir = fpir}, gallery->rows());
  }

  // A visitor's whole track: eight frames fused one by one, then two re-checks. The customers it
  // was matched with, in order.
  std::vector<CustomerId> visit(const std::vector<float>& face, float noise) {
    std::vector<CustomerId> who;
    std::vector<Template> frames;
    const auto note = [&](const std::vector<Match>& matches) {
      for (const Match& match : matches) who.push_back(match.customer);
    };
    for (std::uint32_t look = 0; look < 10; ++look) {
      frames.push_back(people.frame(face, noise));
      if (frames.size() > 8) frames.erase(frames.begin());
      std::vector<const Template*> pointers;
      for (const Template& frame : frames) pointers.push_back(&frame);
      Sighting sighting;
      sighting.track = TrackId{1};
      sighting.frames = static_cast<std::uint32_t>(frames.size());
      sighting.probe = weighted_mean(pointers, std::vector<float>(frames.size(), 1.0F));
      note(decider.observe("door", sighting, *gallery, *policy).value());
    }
    note(decider.end_track("door", TrackId{1}, *policy));
    return who;
  }

  SyntheticPeople people;
  std::vector<std::vector<float>> faces;
  std::shared_ptr<const Gallery> gallery;
  std::optional<DecisionPolicy> policy;
  Decider decider;
};

// Frames of a track agree with each other to 1 / (1 + noise^2).
void false_alerts_keep_the_target(double target, std::size_t customers, int visitors, float noise) {
  Shop shop(customers, target, 99);
  int alerted = 0;
  for (int i = 0; i < visitors; ++i) {
    alerted += shop.visit(shop.people.person(), noise).empty() ? 0 : 1;
  }
  const double measured = static_cast<double>(alerted) / visitors;
  fmt::print("target {} gallery {} noise {}: measured {:.5f}\n", target, customers, noise,
             measured);
  // Four standard deviations of the count are allowed on top of the factor of two.
  const double slack = 4.0 * std::sqrt(target / visitors);
  EXPECT_LT(measured, 2.0 * target + slack);
  EXPECT_GT(measured, 0.5 * target - slack);
}

TEST(FalseAlerts, StayAtOneInAHundred) {
  false_alerts_keep_the_target(1e-2, 100, 6000, 0.35F);
  false_alerts_keep_the_target(1e-2, 100, 6000, 0.7F);
}

TEST(FalseAlerts, StayAtOneInAThousand) { false_alerts_keep_the_target(1e-3, 100, 15000, 0.35F); }

TEST(FalseAlerts, CustomersAreFoundAndAsThemselves) {
  Shop shop(200, 1e-3, 7);
  int found = 0;
  int wrong = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    const auto who = shop.visit(shop.faces[i], 0.7F);
    found += !who.empty() && who.back() == customer(i) ? 1 : 0;
    wrong +=
        std::any_of(who.begin(), who.end(), [&](const CustomerId& id) { return id != customer(i); })
            ? 1
            : 0;
  }
  EXPECT_GE(found, 198);
  EXPECT_LE(wrong, 1);
}

class DeskTest : public ::testing::Test {
 protected:
  std::vector<Template> photos(const std::vector<float>& face, std::size_t count, float noise) {
    std::vector<Template> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(shop_.people.frame(face, noise));
    return result;
  }
  Shop shop_{100, 1e-3, 3};
};

TEST_F(DeskTest, IdentifiesACustomerAndNotAStranger) {
  for (std::size_t i = 0; i < 100; ++i) {
    const auto found = identify(*shop_.gallery, *shop_.policy, photos(shop_.faces[i], 2, 0.5F));
    ASSERT_TRUE(found.value());
    EXPECT_EQ(found.value()->customer, customer(i));
    EXPECT_EQ(found.value()->confidence, Confidence::kHigh);
  }
  int alarms = 0;
  for (int i = 0; i < 2000; ++i) {
    alarms += identify(*shop_.gallery, *shop_.policy, photos(shop_.people.person(), 1, 0.0F))
                      .value()
                      .has_value()
                  ? 1
                  : 0;
  }
  EXPECT_LE(alarms, 9);  // 2 are expected
}

// Two customers, and somebody who resembles both.
TEST_F(DeskTest, NamesNobodyWhereTwoAreAsLikely) {
  const auto of = [](std::vector<float> values) {
    values.resize(kDrawnLength, 0.0F);
    return Template("synthetic", values);
  };
  const auto found = [&](const Template& first, const Template& second, std::vector<float> probe) {
    std::vector<GalleryEntry> entries(2);
    entries[0].customer = customer(0);
    entries[0].templates.push_back(first.clone());
    entries[1].customer = customer(1);
    entries[1].templates.push_back(second.clone());
    const auto gallery = Gallery::build("synthetic", kDrawnLength, entries).value();
    std::vector<Template> photo;
    photo.push_back(of(std::move(probe)));
    return identify(*gallery, *shop_.policy, photo).value().has_value();
  };
  const Template east = of({1.0F}), north = of({0.0F, 1.0F});
  EXPECT_FALSE(found(east, north, {0.72F, 0.69F}));
  EXPECT_TRUE(found(east, north, {0.73F, 0.67F}));
  // Who look alike, .64, have to be further apart: .68 and .76, .84.
  const Template one = of({0.8F, 0.6F}), other = of({0.8F, 0.0F, 0.6F});
  EXPECT_FALSE(found(one, other, {0.7F, 0.3333F, 0.2F, 0.6F}));
  EXPECT_TRUE(found(one, other, {0.7F, 0.4667F, 0.2F, 0.5F}));
}

TEST_F(DeskTest, VerifiesThePersonOnly) {
  const auto& calibration = shop_.policy->calibration();
  int right = 0;
  int wrong = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const auto face = photos(shop_.faces[i], 1, 0.5F);
    right += verify(*shop_.gallery, calibration, customer(i), face).value() ? 1 : 0;
    wrong += verify(*shop_.gallery, calibration, customer((i + 1) % 100), face).value() ? 1 : 0;
  }
  EXPECT_GE(right, 99);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(verify(*shop_.gallery, calibration, CustomerId("none"), photos(shop_.faces[0], 1, 0.5F))
                .error()
                .code,
            "unknown_customer");
}

TEST_F(DeskTest, FindsWhoIsEnrolledAlready) {
  const auto& calibration = shop_.policy->calibration();
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(find_duplicate(*shop_.gallery, calibration, photos(shop_.faces[i], 3, 0.6F)).value(),
              customer(i));
  }
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    refused +=
        find_duplicate(*shop_.gallery, calibration, photos(shop_.people.person(), 3, 0.6F)).value()
            ? 1
            : 0;
  }
  EXPECT_LE(refused, 6);  // 1 is expected
}

TEST_F(DeskTest, NamesWhoLooksAlike) {
  const auto& calibration = shop_.policy->calibration();
  for (std::size_t i = 0; i < 100; ++i) {
    const auto alike =
        find_lookalikes(*shop_.gallery, calibration, photos(shop_.faces[i], 3, 0.6F)).value();
    ASSERT_FALSE(alike.empty());
    EXPECT_EQ(alike.front(), customer(i));
    EXPECT_EQ(std::count(alike.begin(), alike.end(), customer(i)), 1);
  }
  std::size_t named = 0;
  for (int i = 0; i < 1000; ++i) {
    named += find_lookalikes(*shop_.gallery, calibration, photos(shop_.people.person(), 1, 0.6F))
                 .value()
                 .size();
  }
  // One pair in ten thousand of 100 000.
  EXPECT_GE(named, 1U);
  EXPECT_LE(named, 25U);
}

TEST_F(DeskTest, FindsThePhotoOfSomebodyElse) {
  const auto& calibration = shop_.policy->calibration();
  int wrong = 0;
  int found = 0;
  for (std::size_t i = 0; i + 1 < 100; ++i) {
    auto own = photos(shop_.faces[i], 3, 0.5F);
    wrong += find_outlier(calibration, own).value() ? 1 : 0;
    own[1] = photos(shop_.faces[i + 1], 1, 0.5F)[0].clone();
    found += find_outlier(calibration, own).value() == std::size_t{1} ? 1 : 0;
    std::vector<Template> two;
    two.push_back(own[0].clone());
    two.push_back(own[1].clone());
    EXPECT_EQ(find_outlier(calibration, two).value(), std::size_t{1});
    two.pop_back();
    EXPECT_EQ(find_outlier(calibration, two).value(), std::nullopt);
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(found, 90);
}

TEST_F(DeskTest, SaysWhatIsMissing) {
  const auto& calibration = shop_.policy->calibration();
  EXPECT_EQ(identify(*shop_.gallery, *shop_.policy, {}).error().code, "no_probe");
  EXPECT_EQ(verify(*shop_.gallery, calibration, customer(0), {}).error().code, "no_probe");
  EXPECT_EQ(find_duplicate(*shop_.gallery, calibration, {}).error().code, "no_probe");
  EXPECT_EQ(find_lookalikes(*shop_.gallery, calibration, {}).error().code, "no_probe");
  std::vector<Template> mixed = photos(shop_.faces[0], 1, 0.5F);
  mixed.emplace_back("dlib", std::vector<float>(kDrawnLength, 1.0F));
  EXPECT_EQ(identify(*shop_.gallery, *shop_.policy, mixed).error().code, "template_mismatch");
}

}  // namespace
}  // namespace maitred
