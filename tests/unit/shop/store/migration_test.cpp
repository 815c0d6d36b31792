// A store of an older program is brought forward, and is as it was when that fails.
#include <fmt/format.h>

#include "maitred/base/file.h"
#include "raw_rows.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

// tests/golden/store-schemaN.sql, written by the program of that schema: Anna forgotten, Bert
// withdrawn, Cleo with a request.
class MigrationTest : public StoreTest, public testing::WithParamInterface<int> {
 protected:
  MigrationTest() {
    const std::string key =
        content_of(fs::path(MAITRED_SOURCE_DIR) / "tests/golden/store-schema1.key");
    must(write_file(folder_ / "store.key",
                    {reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}, 0600));
    raw_sql(content_of(fs::path(MAITRED_SOURCE_DIR) /
                       fmt::format("tests/golden/store-schema{}.sql", GetParam())));
  }
  std::string version() { return raw_column(path_, "PRAGMA user_version").at(0); }
};

TEST_P(MigrationTest, EverythingIsThereAndTheCopyIsGone) {
  ASSERT_EQ(version(), std::to_string(GetParam()));
  for (int round = 0; round < 2; ++round) {
    Store store = open();
    const auto customers = must(store.customers().list());
    ASSERT_EQ(customers.size(), 2U);
    EXPECT_EQ(customers[0].name, "Bert Example");
    EXPECT_TRUE(customers[0].withdrawn);
    EXPECT_EQ(must(store.customers().find(customers[1].id)).asks.size(), 1U);
    EXPECT_EQ(must(store.customers().by_loyalty("l-cleo")), customers[1].id);
    EXPECT_EQ(code_of(store.check()), "");
    EXPECT_EQ(must(store.keys().slots()).size(), 1U);
    must(store.customers().enrol(new_customer("New", ""), kActor));
    must(store.forget(must(store.customers().list()).back().id, kActor));
  }
  EXPECT_EQ(version(), "3");
  EXPECT_FALSE(fs::exists(fmt::format("{}.schema{}", path_.string(), GetParam())));
  // The erasure of the older program is on the list as well.
  EXPECT_NE(content_of(path_.string() + ".erasures").find("erased "), std::string::npos);
}

TEST_P(MigrationTest, ATamperedOldStoreIsRefusedAndKept) {
  raw_sql("DELETE FROM consents WHERE rowid = 1");
  EXPECT_EQ(open_code(), "store_corrupt");
  EXPECT_EQ(version(), std::to_string(GetParam()));
}

TEST_P(MigrationTest, KeysRotateAfterwards) {
  {
    Store store = open();
    must(store.keys().begin_rotation(key_, false, kActor));
    while (!must(store.keys().rotate_some(key_, 10, kActor)).finished) {
    }
  }
  EXPECT_EQ(must(open().customers().count()), 2U);
}

INSTANTIATE_TEST_SUITE_P(Schemas, MigrationTest, testing::Values(1, 2));

}  // namespace
}  // namespace maitred
