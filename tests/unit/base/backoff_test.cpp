// Waiting longer and longer, by a clock that is only counted.
#include "maitred/base/backoff.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

TEST(Backoff, AnHourAwayCostsFewTriesAndTheReturnIsSeenSoon) {
  constexpr Milliseconds kMost = std::chrono::minutes{5};
  constexpr Milliseconds kHour = std::chrono::hours{1};
  Backoff backoff(Milliseconds{500}, kMost);
  Milliseconds now{0};
  int tries = 0;
  while (now < kHour) {
    const Milliseconds wait = backoff.next();
    EXPECT_LE(wait, kMost);
    now += wait;
    ++tries;
  }
  EXPECT_GE(tries, 12);
  EXPECT_LE(tries, 22);
  EXPECT_LE(now - kHour, kMost);
  backoff.reset();
  EXPECT_EQ(backoff.next(), Milliseconds{500});
}

}  // namespace
}  // namespace maitred
