// An attacker, or a bad disk, who writes to the file: everything shows, nothing crashes.
//
// $MAITRED_EVERY_BIT flips every bit of the store instead of a sample.
#include <algorithm>
#include <cstdlib>

#include "raw_rows.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

class TamperTest : public StoreTest {
 protected:
  TamperTest() {
    Store store = create();
    for (unsigned number = 1; number <= 3; ++number) {
      const std::string text = std::to_string(number);
      NewCustomer customer = new_customer("Name " + text, "L" + text, number);
      customer.photos.push_back({1, 2, 3});
      ids_.push_back(must(store.customers().enrol(customer, kActor)));
      must(store.customers().add_ask(ids_.back(), {0, "ask " + text, "", kNow, true}, kActor));
      must(store.visits().commit_arrival(arrival_of(ids_.back()), always, kActor));
      must(store.visits().commit_arrival(arrival_of(ids_.back()), always, kActor));
    }
    must(store.set_setting("k", std::vector<std::uint8_t>{1}));
    must(store.staff().add("till-1", kActor));
    must(store.staff().add("till-2", kActor));
  }

  // Everything readable, as one text, or the error met.
  static Result<std::string> dump(const Store& store) {
    std::string text;
    MAITRED_TRY(store.customers().for_each([&](Customer&& one) { text += shown(one); }));
    MAITRED_ASSIGN(const auto visits, store.visits().list({}));
    for (const auto& visit : visits) text += visit.id.value;
    MAITRED_ASSIGN(const auto alerts, store.visits().alerts({}));
    for (const auto& stored : alerts) text += stored.alert.headline;
    MAITRED_ASSIGN(const auto rows, store.audit().rows());
    for (const auto& row : rows) text += row.action + row.subject;
    return text;
  }
  static std::string shown(const Customer& one) {
    std::string text = one.id.value + one.profile.name + one.profile.loyalty + one.consent.version;
    for (const Ask& ask : one.asks) text += ask.text;
    return text;
  }

  std::vector<CustomerId> ids_;
};

TEST_F(TamperTest, AFlippedBitNeverCrashesAndNeverChangesWhatIsRead) {
  const std::string whole = content_of(path_);
  const std::string expected = must(dump(open()));
  std::size_t noticed = 0;
  std::size_t tried = 0;
  // Prime steps reach headers, cells, pointers and free space of every page.
  const bool all = std::getenv("MAITRED_EVERY_BIT") != nullptr;
  const std::size_t bits = whole.size() * 8;
  for (std::size_t bit = 0; bit < bits; bit += all ? 1 : 307 * 8 + 1, ++tried) {
    const std::size_t offset = bit / 8;
    std::string flipped = whole;
    flipped[offset] = static_cast<char>(flipped[offset] ^ (1 << (bit % 8)));
    overwrite(path_, flipped);
    const auto opened = Store::open(path_, key_);
    if (!opened) {
      ++noticed;
      EXPECT_EQ(opened.error().fault, Fault::kEnvironment) << opened.error().code;
      continue;
    }
    // The audit chain is walked by check, and by whoever reads it.
    const auto read = dump(*opened);
    if (read) {
      EXPECT_EQ(*read, expected) << "offset " << offset;
    } else {
      EXPECT_EQ(code_of(opened->check()), "store_corrupt") << "offset " << offset;
    }
  }
  std::printf("%zu of %zu flipped bits noticed\n", noticed, tried);
  // What is not noticed lies in unused parts of pages.
  EXPECT_GT(noticed, tried / 20);
}

TEST_F(TamperTest, GarbagePagesAreNoticed) {
  const std::string whole = content_of(path_);
  for (std::size_t page = 0; page < whole.size() / 4096; ++page) {
    std::string damaged = whole;
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(page * 4096), 4096, '\x5a');
    overwrite(path_, damaged);
    EXPECT_EQ(open_code(), "store_corrupt") << "page " << page;
  }
}

TEST_F(TamperTest, AnyChangedRowIsNoticedAndItsTableNamed) {
  const std::string whole = content_of(path_);
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"customers", "UPDATE customers SET sealed = (SELECT sealed FROM customers LIMIT 1)"},
      {"customers", "UPDATE customers SET loyalty = NULL WHERE n = 1"},
      {"customers", "UPDATE customers SET n = 77 WHERE n = 1"},
      {"consents", "DELETE FROM consents WHERE customer = (SELECT id FROM customers LIMIT 1)"},
      {"entries", "DELETE FROM entries"},
      {"entries", "UPDATE entries SET number = 5"},
      {"templates", "UPDATE templates SET sealed = (SELECT sealed FROM templates LIMIT 1)"},
      {"templates", "UPDATE templates SET engine = 'dlib'"},
      {"photos", "DELETE FROM photos"},
      {"customer_keys",
       "UPDATE customer_keys SET wrapped = (SELECT wrapped FROM customer_keys LIMIT 1)"},
      {"visits", "UPDATE visits SET open = 0"},
      {"visits", "DELETE FROM visits WHERE n = 2"},
      {"alerts", "DELETE FROM alerts WHERE seq = 1"},
      {"alerts", "UPDATE alerts SET seq = 99 WHERE seq = 1"},
      {"alert_events", "DELETE FROM alert_events WHERE seq = 2"},
      {"settings", "UPDATE settings SET key = 'other'"},
      {"staff", "DELETE FROM staff WHERE n = 1"},
      {"staff", "UPDATE staff SET token = x'00' WHERE n = 1"},
      {"meta", "UPDATE meta SET value = '2020-01-01' WHERE key = 'created'"},
      {"tombstones", "INSERT INTO tombstones VALUES (x'00', x'00')"}};
  for (const auto& [table, sql] : changes) {
    overwrite(path_, whole);
    raw_sql("PRAGMA foreign_keys = OFF; " + sql);
    const auto opened = Store::open(path_, key_);
    EXPECT_EQ(code_of(opened), "store_corrupt") << sql;
    if (opened) continue;
    EXPECT_NE(opened.error().message.find(table), std::string::npos)
        << sql << ": " << opened.error().message;
  }
}

TEST_F(TamperTest, AForeignKeyOrLedgerIsNoticed) {
  const std::string whole = content_of(path_);
  for (const char* sql :
       {"UPDATE epochs SET epoch = 2", "DELETE FROM epochs", "INSERT INTO epochs VALUES (7, x'00')",
        "DELETE FROM ledger", "UPDATE ledger SET sealed = zeroblob(500)", "DELETE FROM meta",
        "UPDATE meta SET value = 'x' WHERE key = 'store_id'"}) {
    overwrite(path_, whole);
    raw_sql(sql);
    const std::string code = open_code();
    EXPECT_TRUE(code == "store_corrupt" || code == "key_wrong") << sql << ": " << code;
  }
}

TEST_F(TamperTest, AnOlderStateOfOneRowIsNoticed) {
  const std::string before =
      raw_column(path_, "SELECT hex(sealed) FROM customers WHERE n = 1").at(0);
  {
    Store store = open();
    must(store.customers().update_profile(ids_[0], {"New", "L1", {}}, kActor));
  }
  raw_sql("UPDATE customers SET sealed = x'" + before + "' WHERE n = 1");
  EXPECT_EQ(open_code(), "store_corrupt");
}

TEST_F(TamperTest, AnOlderLedgerIsNoticed) {
  const std::string before = raw_column(path_, "SELECT hex(sealed) FROM ledger").at(0);
  {
    Store store = open();
    must(store.forget(ids_[0], kActor));
  }
  raw_sql("UPDATE ledger SET sealed = x'" + before + "'");
  EXPECT_EQ(open_code(), "store_corrupt");
}

TEST_F(TamperTest, ForeignTriggersAndTablesAreRefused) {
  const std::string whole = content_of(path_);
  for (const char* sql :
       {"CREATE TRIGGER t AFTER INSERT ON visits BEGIN DELETE FROM audit; END",
        "CREATE TABLE extra (x)", "CREATE VIEW v AS SELECT * FROM visits", "DROP INDEX visits_open",
        "ALTER TABLE visits ADD COLUMN extra INTEGER"}) {
    overwrite(path_, whole);
    raw_sql(sql);
    EXPECT_EQ(open_code(), "store_corrupt") << sql;
  }
}

TEST_F(TamperTest, RowsOfAnotherStoreWithTheSameKeyDoNotOpen) {
  const fs::path other = folder_ / "other.db";
  { const Store store = must(Store::create(other, key_, kActor)); }
  const std::string ledger = raw_column(path_, "SELECT hex(sealed) FROM ledger").at(0);
  std::swap(path_, const_cast<fs::path&>(other));
  raw_sql("UPDATE ledger SET sealed = x'" + ledger + "'");
  EXPECT_EQ(open_code(), "store_corrupt");
}

class AuditTamperTest : public TamperTest {
 protected:
  // The error of opening after the change and verifying the chain.
  std::string verified_after(const std::string& sql) {
    raw_sql(sql);
    const auto opened = Store::open(path_, key_);
    if (!opened) return opened.error().message;
    const auto rows = opened->audit().verify();
    if (rows) return "";
    EXPECT_EQ(rows.error().code, "audit_broken");
    EXPECT_EQ(code_of(opened->check()), "store_corrupt");
    return rows.error().message;
  }
};

TEST_F(AuditTamperTest, AnIntactChainVerifies) {
  const Store store = open();
  const auto rows = must(store.audit().rows());
  EXPECT_EQ(must(store.audit().verify()), rows.size());
  EXPECT_EQ(rows.front().action, "init");
  EXPECT_EQ(rows.at(1).action, "enrol");
  EXPECT_EQ(rows.at(1).subject, ids_[0].value);
  EXPECT_EQ(rows.at(1).actor, "uid:1000");
  EXPECT_EQ(must(store.audit().rows(2)).size(), 2U);
  EXPECT_EQ(must(store.audit().rows(2)).back().number, rows.back().number);
}

TEST_F(AuditTamperTest, AnEditedRowIsNamed) {
  EXPECT_NE(verified_after("UPDATE audit SET sealed = zeroblob(80) WHERE n = 3").find("row 3"),
            std::string::npos);
}

TEST_F(AuditTamperTest, ADeletedRowIsNamed) {
  EXPECT_NE(verified_after("DELETE FROM audit WHERE n = 4").find("row 4"), std::string::npos);
}

TEST_F(AuditTamperTest, ADeletedEndIsNamed) {
  EXPECT_NE(verified_after("DELETE FROM audit WHERE n > 5").find("row 6"), std::string::npos);
}

TEST_F(AuditTamperTest, SwappedRowsAreNamed) {
  EXPECT_NE(verified_after("UPDATE audit SET n = 1000 WHERE n = 2; UPDATE audit SET n = 2 WHERE "
                           "n = 3; UPDATE audit SET n = 3 WHERE n = 1000")
                .find("row 2"),
            std::string::npos);
}

TEST_F(AuditTamperTest, AnAddedRowIsNamed) {
  const std::size_t rows = raw_column(path_, "SELECT n FROM audit").size();
  EXPECT_NE(verified_after("INSERT INTO audit SELECT max(n) + 1, sealed, link FROM audit")
                .find("row " + std::to_string(rows + 1)),
            std::string::npos);
}

}  // namespace
}  // namespace maitred
