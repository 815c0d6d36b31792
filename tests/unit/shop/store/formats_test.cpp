// src/shop/store/README.md describes every table, column and field that the program writes.
#include <fmt/format.h>

#include "raw_rows.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/rows/record_fields.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

std::string readme() {
  return content_of(fs::path(MAITRED_SOURCE_DIR) / "src/shop/store/README.md");
}

// The rows of the page's tables whose first cell is `cell`, or "CELL, more"; empty if there is
// none.
std::string rows_of(const std::string& page, const std::string& cell) {
  std::string rows;
  for (const std::string& head : {"\n| " + cell + " |", "\n| " + cell + ", more |"}) {
    for (auto begin = page.find(head); begin != std::string::npos;
         begin = page.find(head, begin + 1)) {
      rows += page.substr(begin + 1, page.find('\n', begin + 1) - begin);
    }
  }
  return rows;
}

class FormatsTest : public StoreTest {};

TEST_F(FormatsTest, EveryTableAndColumnIsDescribed) {
  create();
  const std::string page = readme();
  const auto tables = raw_column(
      path_, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  ASSERT_EQ(tables.size(), 23U);
  for (const std::string& table : tables) {
    const std::string line = rows_of(page, "`" + table + "`");
    const auto columns =
        raw_column(path_, fmt::format("SELECT name FROM pragma_table_info('{}')", table));
    ASSERT_FALSE(columns.empty());
    for (const std::string& column : columns) {
      EXPECT_NE(line.find("`" + column + "`"), std::string::npos) << table << "." << column;
    }
  }
}

template <class Record>
void expect_described(const std::string& page, const std::string& record) {
  const std::string line = rows_of(page, record);
  auto look = [&](const char* name) {
    EXPECT_NE(line.find(fmt::format("`{}`", name)), std::string::npos) << record << ": " << name;
  };
  kFieldsOf<Record>.for_each_name(look);
}

TEST_F(FormatsTest, EveryFieldOfARecordIsDescribed) {
  const std::string page = readme();
  expect_described<CustomerRecord>(page, "customer");
  expect_described<Consent>(page, "consent");
  expect_described<Ask>(page, "ask");
  expect_described<Purchase>(page, "purchase");
  expect_described<Appointment>(page, "appointment");
  expect_described<Visit>(page, "visit");
  expect_described<StoredAlert>(page, "alert");
  expect_described<AlertEvent>(page, "event");
  expect_described<Feedback>(page, "feedback");
  expect_described<StaffMember>(page, "staff");
  expect_described<Tombstone>(page, "tombstone");
  expect_described<AuditRow>(page, "audit");
  expect_described<AuditSubject>(page, "audit subject");
  expect_described<RotationState>(page, "rotation");
  expect_described<NotedTime>(page, "time");
}

TEST_F(FormatsTest, TheSchemaOfThePageIsThatOfTheProgram) {
  EXPECT_NE(readme().find(fmt::format("schema (now {})", kSchemaVersion)), std::string::npos);
}

}  // namespace
}  // namespace maitred
