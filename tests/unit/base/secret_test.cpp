#include "maitred/base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "maitred/base/check.h"
#include "maitred/base/result.h"

namespace maitred {
namespace {

TEST(SecretBytes, HoldsMovesAndForgets) {
  initialise_crypto();
  const std::vector<std::uint8_t> key = {1, 2, 3, 4};
  SecretBytes one = SecretBytes::copy_of(key);
  SecretBytes two(std::move(one));
  EXPECT_TRUE(one.empty());  // NOLINT: that it is empty is what is tested
  EXPECT_TRUE(std::ranges::equal(two.span(), key));
  two = SecretBytes(2);
  EXPECT_EQ(two.size(), 2U);
  EXPECT_EQ(two.data()[0], 0);
  two = std::move(two);  // NOLINT
  EXPECT_EQ(two.size(), 2U);
  EXPECT_TRUE(SecretBytes(0).empty());
}

TEST(SecretBytes, RandomIsNotTheSameTwice) {
  initialise_crypto();
  const auto one = SecretBytes::random(32);
  const auto two = SecretBytes::random(32);
  EXPECT_FALSE(std::ranges::equal(one.span(), two.span()));
}

TEST(Wipe, LeavesNothingBehind) {
  std::vector<std::byte> bytes(100, std::byte{0x5A});
  wipe(bytes);
  EXPECT_EQ(bytes, std::vector<std::byte>(100));
  std::vector<float> values = {1.0F, 2.0F};
  wipe(values);
  EXPECT_EQ(values, (std::vector<float>{0.0F, 0.0F}));
}

TEST(WipedVector, GrowsLikeAnyOther) {
  WipedVector<float> growing;
  for (int i = 0; i < 1000; ++i) growing.push_back(static_cast<float>(i));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(growing[static_cast<std::size_t>(i)], static_cast<float>(i));
  }
}

Result<int> half(int number) {
  if (number % 2 != 0) return input_error("odd", "the number is odd; give an even one");
  return number / 2;
}
Result<int> quarter(int number) {
  MAITRED_ASSIGN(const int first, half(number));
  MAITRED_ASSIGN(const int second, half(first));
  return second;
}
Status both_even(int one, int two) {
  MAITRED_TRY(half(one));
  MAITRED_TRY(half(two));
  return {};
}

TEST(Result, PassesErrorsOn) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().code, "odd");
  EXPECT_TRUE(both_even(2, 4));
  EXPECT_EQ(both_even(2, 3).error().fault, Fault::kInput);
  EXPECT_EQ(static_cast<int>(Fault::kNo), 1);
  EXPECT_EQ(static_cast<int>(Fault::kInput), 2);
  EXPECT_EQ(static_cast<int>(Fault::kEnvironment), 3);
}

TEST(CheckDeathTest, EndsTheProgramForABug) {
  MAITRED_CHECK(1 + 1 == 2);
  EXPECT_DEATH(MAITRED_CHECK(1 + 1 == 3), "bug: 1 \\+ 1 == 3 does not hold");
}

}  // namespace
}  // namespace maitred
