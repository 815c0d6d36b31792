#include "maitred/base/token_bucket.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using namespace std::chrono_literals;

const Timestamp kFilledAt{1h};

TEST(TokenBucket, GivesSoManyAtOnceAndThenAtItsRate) {
  TokenBucket bucket(2.0, 3.0, kFilledAt);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(kFilledAt));
  EXPECT_FALSE(bucket.take(kFilledAt));
  EXPECT_FALSE(bucket.take(kFilledAt + 499ms));
  EXPECT_TRUE(bucket.take(kFilledAt + 500ms));
  EXPECT_FALSE(bucket.take(kFilledAt + 500ms));
}

TEST(TokenBucket, ALongPauseFillsItOnlyOnce) {
  TokenBucket bucket(2.0, 3.0, kFilledAt);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(kFilledAt + 1h));
  EXPECT_FALSE(bucket.take(kFilledAt + 1h));
}

TEST(TokenBucket, WhoBorrowsIsToldHowLongToWait) {
  TokenBucket bucket(2.0, 1.0, kFilledAt);
  EXPECT_EQ(bucket.borrow(kFilledAt), 0ms);
  EXPECT_EQ(bucket.borrow(kFilledAt), 500ms);
  EXPECT_EQ(bucket.borrow(kFilledAt), 1000ms);
  EXPECT_EQ(bucket.borrow(kFilledAt + 2s), 0ms);
}

}  // namespace
}  // namespace maitred
