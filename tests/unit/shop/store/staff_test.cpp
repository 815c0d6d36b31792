#include "store_fixture.h"

namespace maitred {
namespace {

class StaffTest : public StoreTest {
 protected:
  StaffTest() : store_(create()) {}
  Store store_;
};

TEST_F(StaffTest, ATokenOpensUntilItIsRevoked) {
  const std::string token = must(store_.staff().add("till-1", kActor));
  const std::string other = must(store_.staff().add("till-2", kActor));
  EXPECT_EQ(token.size(), 43U);
  EXPECT_NE(token, other);
  EXPECT_EQ(must(store_.staff().check(token)), "till-1");
  EXPECT_EQ(must(store_.staff().check(other)), "till-2");
  must(store_.staff().revoke("till-1", kActor));
  EXPECT_EQ(must(store_.staff().check(token)), std::nullopt);
  EXPECT_EQ(must(store_.staff().list()).size(), 1U);
}

TEST_F(StaffTest, WrongTokensOpenNothing) {
  std::string token = must(store_.staff().add("till-1", kActor));
  token[0] = token[0] == 'A' ? 'B' : 'A';
  EXPECT_EQ(must(store_.staff().check(token)), std::nullopt);
  EXPECT_EQ(must(store_.staff().check("")), std::nullopt);
  EXPECT_EQ(must(store_.staff().check(std::string(100000, 'x'))), std::nullopt);
}

TEST_F(StaffTest, NamesAreTakenOnceAndMustExist) {
  must(store_.staff().add("till-1", kActor));
  EXPECT_EQ(code_of(store_.staff().add("till-1", kActor)), "staff_exists");
  EXPECT_EQ(code_of(store_.staff().add("", kActor)), "field_invalid");
  EXPECT_EQ(code_of(store_.staff().add("\xff", kActor)), "field_invalid");
  EXPECT_EQ(code_of(store_.staff().revoke("till-9", kActor)), "unknown_staff");
  const auto list = must(store_.staff().list());
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].name, "till-1");
  EXPECT_EQ(list[0].added, kNow);
}

}  // namespace
}  // namespace maitred
