// An attacker, or a bad disk, who writes to the file: everything shows, nothing crashes.
//
// MAITRED_EVERY_BIT=1 flips every bit of the store, in pages of 512 bytes, instead of a sample,
// MAITRED_EVERY_BIT=I/N every N-th from the I-th, so that N processes share the work.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "maitred/base/file.h"
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
    MAITRED_ASSIGN(const auto customers, store.customers().list());
    for (const auto& listed : customers) {
      MAITRED_ASSIGN(const Customer one, store.customers().find(listed.id));
      text += shown(one);
    }
    MAITRED_ASSIGN(const auto visits, store.visits().list({}));
    for (const auto& visit : visits) text += visit.id.value;
    MAITRED_ASSIGN(const auto alerts, store.visits().alerts({}));
    for (const auto& stored : alerts) text += stored.alert.headline;
    MAITRED_ASSIGN(const auto rows, store.audit().rows());
    for (const auto& row : rows) text += row.action + row.subject;
    return text;
  }
  // Little of the file is free space then.
  void use_small_pages() {
    raw_sql("PRAGMA journal_mode=DELETE; PRAGMA page_size=512; VACUUM");
    OpenOptions as_it_is;
    as_it_is.accept_older = true;
    as_it_is.actor = kActor;
    must(Store::open(path_, key_, as_it_is));
  }
  static std::string shown(const Customer& one) {
    std::string text = one.id.value + one.profile.name + one.profile.loyalty + one.consent.version;
    for (const Ask& ask : one.asks) text += ask.text;
    return text;
  }

  std::vector<CustomerId> ids_;
};

// Turns single bits of the store's file in place.
class BitFlipper {
 public:
  explicit BitFlipper(const fs::path& path)
      : path_(path), whole_(content_of(path)), fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {}

  std::size_t bits() const { return whole_.size() * 8; }
  const std::string& whole() const { return whole_; }
  void flip(std::size_t bit) {
    put(bit / 8, static_cast<char>(whole_[bit / 8] ^ (1 << (bit % 8))));
  }
  void restore(std::size_t bit) { put(bit / 8, whole_[bit / 8]); }

 private:
  void put(std::size_t offset, char value) {
    ASSERT_EQ(::pwrite(fd_.get(), &value, 1, static_cast<off_t>(offset)), 1) << path_;
  }

  fs::path path_;
  std::string whole_;
  UniqueFd fd_;
};

TEST_F(TamperTest, EveryFlippedBitIsRefusedAndNamed) {
  if (std::getenv("MAITRED_EVERY_BIT") != nullptr) use_small_pages();
  const std::string expected = must(dump(open()));
  BitFlipper bits(path_);
  // Prime steps reach headers, cells, pointers and free space of every page.
  std::size_t first = 0;
  std::size_t step = 307 * 8 + 1;
  if (const char* share = std::getenv("MAITRED_EVERY_BIT"); share != nullptr) {
    std::size_t part = 1;
    std::size_t parts = 1;
    std::sscanf(share, "%zu/%zu", &part, &parts);
    ASSERT_TRUE(part >= 1 && part <= parts) << "MAITRED_EVERY_BIT is 1, or I/N: " << share;
    first = part - 1;
    step = parts;
  }
  std::size_t tried = 0;
  std::size_t without_row = 0;
  std::map<std::string, std::size_t> codes;
  for (std::size_t bit = first; bit < bits.bits(); bit += step, ++tried) {
    bits.flip(bit);
    const auto opened = Store::open(path_, key_);
    bits.restore(bit);
    ASSERT_FALSE(opened) << "bit " << bit << " of " << bits.bits();
    const Error& error = opened.error();
    ++codes[error.code];
    without_row += error.message.find("holds no row") != std::string::npos ? 1 : 0;
    EXPECT_EQ(error.fault, Fault::kEnvironment) << error.code;
    // Of a newer version, or of another key, is what some flips of the head look like.
    const bool named =
        error.code == "store_corrupt" || error.code == "store_too_new" || error.code == "key_wrong";
    EXPECT_TRUE(named) << "bit " << bit << ": " << error.code << ": " << error.message;
  }
  std::printf("%zu of %zu bits flipped, every one refused; %zu of them in places without a row\n",
              tried, bits.bits(), without_row);
  for (const auto& [code, count] : codes) std::printf("%-16s %zu\n", code.c_str(), count);
  // Refusing has changed nothing.
  EXPECT_EQ(content_of(path_), bits.whole());
  EXPECT_EQ(must(dump(open())), expected);
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
      {"key_groups", "UPDATE key_groups SET n = 7"},
      {"visits", "UPDATE visits SET open = 0"},
      {"visits", "DELETE FROM visits WHERE n = 2"},
      {"alerts", "DELETE FROM alerts WHERE seq = 1"},
      {"alerts", "UPDATE alerts SET seq = 99 WHERE seq = 1"},
      {"alert_events", "DELETE FROM alert_events WHERE seq = 2"},
      {"settings",
       "UPDATE settings SET key = 'other' WHERE key = (SELECT key FROM settings LIMIT 1)"},
      {"staff", "DELETE FROM staff WHERE n = 1"},
      {"staff", "UPDATE staff SET token = x'00' WHERE n = 1"},
      {"meta", "UPDATE meta SET value = '2020-01-01' WHERE key = 'created'"},
      {"audit_subjects", "DELETE FROM audit_subjects WHERE n = 2"},
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
