// A store of an older program is brought forward, and is as it was when that fails.
#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/file.h"
#include "raw_rows.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

// tests/golden/store-schemaN.sql, written by the program of that schema: Anna is forgotten, Bert
// has withdrawn, Cleo has a request. In the store of schema 3 a rotation of keys is under way, and
// the times of upkeep are noted.
class MigrationTest : public StoreTest, public testing::WithParamInterface<int> {
 protected:
  MigrationTest() {
    const std::string key =
        content_of(fs::path(MAITRED_SOURCE_DIR) / "tests/golden/store-schema1.key");
    must(write_file(folder_ / "store.key",
                    {reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}, 0600));
    const fs::path golden =
        fs::path(MAITRED_SOURCE_DIR) / fmt::format("tests/golden/store-schema{}", GetParam());
    raw_sql(content_of(golden.string() + ".sql"));
    const std::string generation = content_of(golden.string() + ".generation");
    if (!generation.empty()) overwrite(path_.string() + ".generation", generation);
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
    // Rows about Anna, whom the older program erased, name her no longer; the others are kept.
    const auto rows = must(store.audit().rows());
    EXPECT_EQ(must(store.audit().verify()), rows.size());
    EXPECT_EQ(std::ranges::count(rows, "erased", &AuditRow::subject) > 0, true);
    EXPECT_GT(std::ranges::count(rows, customers[1].id.value, &AuditRow::subject), 0);
    for (const AuditRow& row : rows) {
      const bool named = row.action == "enrol" || row.action == "consent" || row.action == "ask";
      if (!named || row.subject == "erased" || row.subject.empty()) continue;
      EXPECT_TRUE(row.subject == customers[0].id.value || row.subject == customers[1].id.value);
    }
    must(store.customers().enrol(new_customer("New", ""), kActor));
    must(store.forget(must(store.customers().list()).back().id, kActor));
  }
  EXPECT_EQ(version(), "5");
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

INSTANTIATE_TEST_SUITE_P(Schemas, MigrationTest, testing::Values(1, 2, 3));

class RawSettingsTest : public MigrationTest {};

TEST_P(RawSettingsTest, TimesAndARotationUnderWayAreKept) {
  for (int round = 0; round < 2; ++round) {
    Store store = open();
    EXPECT_EQ(must(store.last_upkeep(Upkeep::kRetention)), kNow);
    EXPECT_EQ(must(store.last_upkeep(Upkeep::kBackup)), kNow + std::chrono::seconds(1));
    EXPECT_TRUE(store.keys().rotating());
  }
  Store store = open();
  // One of two customers was sealed anew by the older program.
  const auto progress = must(store.keys().rotate_some(key_, 1, kActor));
  EXPECT_EQ(progress.done, 2U);
  EXPECT_EQ(progress.total, 2U);
  EXPECT_TRUE(must(store.keys().rotate_some(key_, 1, kActor)).finished);
  EXPECT_FALSE(store.keys().rotating());
  EXPECT_EQ(code_of(store.check()), "");
}

INSTANTIATE_TEST_SUITE_P(Schemas, RawSettingsTest, testing::Values(3));

}  // namespace
}  // namespace maitred
