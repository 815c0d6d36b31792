#include "maitred/base/auth_failures.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using namespace std::chrono_literals;

TEST(AuthFailures, TheFirstMistakesAreFreeThenEachWaitsLonger) {
  AuthFailures failures;
  const Timestamp now{};
  for (const Milliseconds wait : {0ms, 0ms, 0ms, 500ms, 1000ms, 2000ms, 4000ms, 8000ms, 8000ms}) {
    EXPECT_EQ(failures.note("10.0.0.1", now), wait);
  }
  EXPECT_EQ(failures.note("10.0.0.2", now), 0ms);
  EXPECT_EQ(failures.count("10.0.0.1"), 9);
}

TEST(AuthFailures, AMinuteOfPeaceIsForgiven) {
  AuthFailures failures;
  Timestamp now{};
  for (int i = 0; i < 20; ++i) failures.note("10.0.0.1", now);
  EXPECT_EQ(failures.note("10.0.0.1", now + 60s), 8s);
  EXPECT_EQ(failures.note("10.0.0.1", now + 121s), 0s);
}

TEST(AuthFailures, ManyAddressesDoNotFillTheMemory) {
  AuthFailures failures;
  Timestamp now{};
  for (int i = 0; i < 20000; ++i) failures.note(std::to_string(i), now += 1us);
  EXPECT_EQ(failures.count("0"), 0);
  EXPECT_EQ(failures.count("19999"), 1);
}

}  // namespace
}  // namespace maitred
