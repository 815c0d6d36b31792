#include "maitred/shop/store/rotation.h"

#include <cmath>

#include "store_fixture.h"

namespace maitred {
namespace {

TemplateRotation rotation_of(std::uint8_t seed) {
  const std::vector<std::uint8_t> bytes(32, seed);
  return TemplateRotation(SecretBytes::copy_of(bytes));
}

TEST(Rotation, LeavesCosinesAsTheyWere) {
  const TemplateRotation rotation = rotation_of(1);
  for (const std::size_t length : {1U, 2U, 3U, 128U, 256U, 512U}) {
    for (unsigned pair = 0; pair < 20; ++pair) {
      const Template a("e", random_values(2 * pair, length));
      const Template b("e", random_values(2 * pair + 1, length));
      EXPECT_NEAR(similarity(rotation.rotate(a), rotation.rotate(b)).value, similarity(a, b).value,
                  1e-5);
    }
  }
}

TEST(Rotation, IsTheSameForTheSameSeedAndUnrelatedForAnother) {
  const Template plain = made_up_template(1);
  const Template once = rotation_of(1).rotate(plain);
  EXPECT_NEAR(similarity(once, rotation_of(1).rotate(plain)).value, 1.0F, 1e-6);
  EXPECT_LT(std::abs(similarity(once, rotation_of(2).rotate(plain)).value), 0.4F);
  EXPECT_LT(std::abs(similarity(once, plain).value), 0.4F);
}

TEST(Rotation, MovesEveryTemplateNotOnlySome) {
  // A rotation that leaves most directions alone would hide nothing.
  const TemplateRotation rotation = rotation_of(1);
  double sum = 0.0;
  for (unsigned seed = 0; seed < 50; ++seed) {
    const Template plain = made_up_template(seed);
    sum += similarity(plain, rotation.rotate(plain)).value;
  }
  EXPECT_LT(std::abs(sum / 50), 0.05);
}

TEST(Rotation, EnginesAreTurnedDifferently) {
  const TemplateRotation rotation = rotation_of(1);
  const Template a = rotation.rotate(made_up_template(1, "retail"));
  const Template b = rotation.rotate(made_up_template(1, "sface"));
  EXPECT_LT(std::abs(similarity(a, Template("retail", b.values())).value), 0.4F);
}

TEST(Rotation, AZeroTemplateStaysZero) {
  const std::vector<float> zero(256, 0.0F);
  const Template turned = rotation_of(1).rotate(Template("e", zero));
  EXPECT_EQ(turned.values()[0], 0.0F);
  EXPECT_EQ(turned.values().size(), 256U);
}

}  // namespace
}  // namespace maitred
