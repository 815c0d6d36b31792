// Who is signed in at the board, and for how long.
#include "src/doors/board/sessions.h"

#include <gtest/gtest.h>

#include "maitred/base/secret.h"

namespace maitred::board {
namespace {

const WallTime kNow{std::chrono::hours{24 * 365 * 56}};

class BoardSessions : public testing::Test {
 protected:
  static void SetUpTestSuite() { initialise_crypto(); }
  Sessions sessions_;
};

TEST_F(BoardSessions, EndWhenSignedOutOrOld) {
  const std::string first = sessions_.open("token-1", kNow);
  const std::string second = sessions_.open("token-2", kNow);
  EXPECT_NE(first, second);
  EXPECT_EQ(sessions_.token_of(first, kNow), "token-1");
  sessions_.end(first);
  EXPECT_EQ(sessions_.token_of(first, kNow), std::nullopt);
  EXPECT_EQ(sessions_.token_of(second, kNow + Sessions::kLifetime - Milliseconds{1}), "token-2");
  EXPECT_EQ(sessions_.token_of(second, kNow + Sessions::kLifetime), std::nullopt);
  for (const char* wrong :
       {"", "x", "0000000000000000000000000000000000000000000000000000000000000000"}) {
    EXPECT_EQ(sessions_.token_of(wrong, kNow), std::nullopt);
  }
}

TEST_F(BoardSessions, OutliveARestartButAStolenTextOpensNothing) {
  const std::string id = sessions_.open("token-1", kNow);
  const std::string text = sessions_.text();
  EXPECT_EQ(text.find(id), std::string::npos);
  EXPECT_EQ(text.find("token-1"), std::string::npos);
  Sessions again;
  again.restore(text, kNow);
  EXPECT_EQ(again.token_of(id, kNow), "token-1");
  again.restore(text, kNow + Sessions::kLifetime);
  EXPECT_EQ(again.text(), "");
  again.restore("garbage\n\n  x y\n" + std::string(64, 'a') + " notanumber t\n", kNow);
  EXPECT_EQ(again.text(), "");
}

TEST_F(BoardSessions, ATokenThatWasKeptInClearIsDropped) {
  const std::string id = sessions_.open("token-1", kNow);
  std::string text = sessions_.text();
  text.replace(text.rfind(' ') + 1, std::string::npos, "token-1\n");
  sessions_.restore(text, kNow);
  EXPECT_EQ(sessions_.token_of(id, kNow), std::nullopt);
  EXPECT_EQ(sessions_.text(), "");
}

TEST_F(BoardSessions, AnotherSessionsTokenDoesNotOpen) {
  const std::string mine = sessions_.open("mine", kNow);
  const std::string own = sessions_.text();
  const std::string theirs = sessions_.open("theirs", kNow);
  sessions_.end(mine);
  std::string text = sessions_.text();
  text.replace(0, 64, own.substr(0, 64));
  sessions_.restore(text, kNow);
  EXPECT_EQ(sessions_.token_of(mine, kNow), std::nullopt);
}

TEST_F(BoardSessions, AreNeverTooMany) {
  const std::string oldest = sessions_.open("t", kNow);
  std::string newest;
  for (std::size_t i = 1; i <= Sessions::kMost; ++i) {
    newest = sessions_.open("t", kNow + Milliseconds{static_cast<int>(i)});
  }
  EXPECT_EQ(sessions_.token_of(oldest, kNow), std::nullopt);
  EXPECT_EQ(sessions_.token_of(newest, kNow), "t");
}

TEST(BoardGuessLimit, TenAtOnceThenOneInSixSeconds) {
  GuessLimit limit;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(limit.may_try("10.0.0.1", kNow)) << i;
    limit.failed("10.0.0.1", kNow);
  }
  EXPECT_FALSE(limit.may_try("10.0.0.1", kNow));
  EXPECT_FALSE(limit.may_try("10.0.0.1", kNow + Milliseconds{5000}));
  EXPECT_TRUE(limit.may_try("10.0.0.2", kNow));
  EXPECT_TRUE(limit.may_try("10.0.0.1", kNow + Milliseconds{6100}));
  limit.failed("10.0.0.1", kNow + Milliseconds{6100});
  EXPECT_FALSE(limit.may_try("10.0.0.1", kNow + Milliseconds{6100}));
}

TEST(BoardGuessLimit, ManyAddressesTakeLittleMemory) {
  GuessLimit limit;
  for (int i = 0; i < 20000; ++i) limit.failed(std::to_string(i), kNow);
  EXPECT_TRUE(limit.may_try("0", kNow));
}

}  // namespace
}  // namespace maitred::board
