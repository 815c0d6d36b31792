// What is in the files, and what is left of a customer who was forgotten.
#include <sodium.h>

#include <chrono>
#include <cstring>
#include <ctime>

#include "maitred/base/file.h"
#include "raw_rows.h"
#include "src/shop/store/keys/sealing.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

class ErasureTest : public StoreTest {
 protected:
  // Names of the files under the folder that hold any of the texts.
  std::string files_with(const std::vector<std::string>& texts) const {
    std::string found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string content = content_of(entry.path());
      for (const std::string& text : texts) {
        if (content.find(text) == std::string::npos) continue;
        found += entry.path().filename().string() + ": " + text + "\n";
      }
    }
    return found;
  }
  static std::string bytes_of_values(const Template& value) {
    return {reinterpret_cast<const char*>(value.values().data()), 16};
  }

  NewCustomer secret_customer() {
    NewCustomer customer = new_customer("Firstname Lastname", "LOYALTY-4711", 7);
    customer.photos.emplace_back(1000, std::uint8_t{0xab});
    return customer;
  }
};

TEST_F(ErasureTest, NothingPersonalStandsInClearInAnyFile) {
  Store store = create();
  const CustomerId id = must(store.customers().enrol(secret_customer(), kActor));
  must(store.customers().add_ask(id, {0, "wants secretshoes", "SKU-SECRET", kNow, true}, kActor));
  must(store.customers().add_purchase(id, {0, "SKU-BOUGHT", "out_of_stock", kNow}, kActor));
  must(store.customers().add_appointment(id, {0, kNow, "Advisorname"}, kActor));
  Arrival arrival = arrival_of(id);
  must(store.visits().commit_arrival(arrival, always, kActor));
  StoredAlert claimed = must(store.visits().alert(arrival.visit.id));
  claimed.alert.by = "Claimername";
  claimed.alert.state = AlertState::kClaimed;
  must(store.visits().commit_alert_change(claimed, {}, kActor));
  must(close_visit(store, arrival.visit.id, Outcome::kServed, "closing note"));
  must(store.visits().add_feedback({arrival.visit.id, 9, "lovely comment", kNow}, kActor));
  must(store.set_setting("k", std::vector<std::uint8_t>{'s', 'e', 't', 't', 'e', 'd'}));
  const std::string token = must(store.staff().add("Terminalname", kActor));
  const std::vector<std::string> secrets = {
      "Firstname",
      "Lastname",
      "LOYALTY-4711",
      "fortythree",
      "shoe-size",
      "secretshoes",
      "SKU-SECRET",
      "SKU-BOUGHT",
      "out_of_stock",
      "Advisorname",
      "headline",
      "Viewname",
      "Claimername",
      "closing note",
      "lovely comment",
      "settled",
      "Terminalname",
      token,
      "textversion7",
      "cabinet-drawer",
      "voucher-ten",
      "history",
      "uid:1000",
      "entrance",
      "2026-11-22T10:15:03.2",
      std::string(16, '\xab'),
      bytes_of_values(made_up_template(7)),
      bytes_of_values(store.rotation().rotate(made_up_template(7)))};
  EXPECT_TRUE(fs::file_size(folder_ / "store.db-wal") > 0);
  EXPECT_EQ(files_with(secrets), "");
  { const Store closing = std::move(store); }
  EXPECT_EQ(files_with(secrets), "");
  // The search itself works.
  EXPECT_NE(files_with({id.value}), "");
}

TEST_F(ErasureTest, ForgettingLeavesTheOthersWhole) {
  Store store = create();
  std::vector<CustomerId> ids;
  for (unsigned seed = 0; seed < 5; ++seed) {
    NewCustomer customer = new_customer("Name" + std::to_string(seed), "", seed);
    ids.push_back(must(store.customers().enrol(customer, kActor)));
    must(store.visits().commit_arrival(arrival_of(ids.back()), always, kActor));
  }
  const Receipt receipt = must(store.forget(ids[2], kActor));
  EXPECT_EQ(receipt.customer, ids[2].value);
  EXPECT_EQ(receipt.store, store.id());
  EXPECT_EQ(receipt.erased_at, format_time(kNow));
  EXPECT_EQ(receipt.rows, "7");  // customer, key, consent, template, visit, alert, event
  EXPECT_EQ(receipt.epoch, "2");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store.epoch(), 2U);
    EXPECT_EQ(must(store.customers().count()), 4U);
    EXPECT_EQ(code_of(store.customers().find(ids[2])), "unknown_customer");
    EXPECT_EQ(must(store.visits().list({})).size(), 4U);
    EXPECT_EQ(must(store.customers().find(ids[4])).profile.name, "Name4");
    EXPECT_EQ(code_of(store.check()), "");
    must(store.customers().add_ask(ids[4], {0, "still works", "", kNow, true}, kActor));
    { const Store closing = std::move(store); }
    store = open();
  }
}

TEST_F(ErasureTest, NothingOfTheCustomerIsLeftInTheFilesAndTheLogIsEmpty) {
  CustomerId id;
  std::vector<std::string> traces;
  {
    Store store = create();
    id = must(store.customers().enrol(secret_customer(), kActor));
    must(store.visits().commit_arrival(arrival_of(id), always, kActor));
  }
  for (const char* sql :
       {"SELECT wrapped FROM customer_keys", "SELECT sealed FROM customers",
        "SELECT sealed FROM templates", "SELECT sealed FROM photos", "SELECT sealed FROM visits",
        "SELECT sealed FROM consents", "SELECT sealed FROM alerts", "SELECT wrapped FROM epochs",
        "SELECT wrapped FROM key_groups", "SELECT loyalty FROM customers"}) {
    const std::string blob = raw_column(path_, sql).at(0);
    ASSERT_GE(blob.size(), 32U) << sql;
    traces.push_back(blob.substr(0, 32));
  }
  EXPECT_NE(files_with(traces), "");
  Store store = open();
  for (int number = 0; number < 20; ++number) {
    must(store.customers().enrol(new_customer("Other", ""), kActor));
  }
  must(store.forget(id, kActor));
  EXPECT_EQ(fs::file_size(folder_ / "store.db-wal"), 0U);
  traces.push_back(id.value);
  EXPECT_EQ(files_with(traces), "");
}

TEST_F(ErasureTest, ACopyOfTheWrappedKeyIsWorthlessAfterwards) {
  CustomerId id;
  {
    Store store = create();
    id = must(store.customers().enrol(secret_customer(), kActor));
    must(store.customers().enrol(new_customer("Other", ""), kActor));
  }
  // Saved by an attacker before the erasure: every row of the customer and the wrapped keys.
  const std::string group = raw_column(path_, "SELECT hex(wrapped) FROM key_groups").at(0);
  const std::string wrapped =
      raw_column(path_, "SELECT hex(wrapped) FROM customer_keys WHERE n = 1").at(0);
  const std::string sealed =
      raw_column(path_, "SELECT hex(sealed) FROM customers WHERE n = 1").at(0);
  {
    Store store = open();
    must(store.forget(id, kActor));
  }
  EXPECT_NE(raw_column(path_, "SELECT hex(wrapped) FROM key_groups").at(0), group);
  // Put back, beside the new epoch key, they do not open; the store refuses them as well.
  raw_sql("INSERT INTO customers VALUES (1, '" + id.value + "', NULL, x'" + sealed +
          "'); INSERT INTO customer_keys VALUES (1, '" + id.value + "', x'" + wrapped +
          "'); UPDATE key_groups SET wrapped = x'" + group + "'");
  EXPECT_EQ(open_code(), "store_corrupt");
  EXPECT_EQ(raw_column(path_, "SELECT epoch FROM epochs").size(), 1U);
}

TEST_F(ErasureTest, TheAuditChainNamesNobodyWhoIsErased) {
  Store store = create();
  const CustomerId gone = must(store.customers().enrol(new_customer("Gone", "L1"), kActor));
  const CustomerId stays = must(store.customers().enrol(new_customer("Stays", "L2"), kActor));
  std::vector<std::string> names{gone.value};
  for (const CustomerId& id : {gone, stays}) {
    const Arrival arrival = arrival_of(id);
    must(store.visits().commit_arrival(arrival, always, kActor));
    must(close_visit(store, arrival.visit.id, Outcome::kServed, ""));
    must(store.visits().add_feedback({arrival.visit.id, 9, "", kNow}, kActor));
    must(store.customers().add_ask(id, {0, "shoes", "", kNow, true}, kActor));
    if (id == gone) names.push_back(arrival.visit.id.value);
  }
  must(store.withdraw(gone, kActor));
  const auto before = must(store.audit().rows());
  must(store.forget(gone, kActor));
  // A new data key must open what is left.
  must(store.keys().begin_rotation(key_, false, kActor));
  while (!must(store.keys().rotate_some(key_, 10, kActor)).finished) {
  }
  const auto after = must(store.audit().rows());
  EXPECT_EQ(must(store.audit().verify()), after.size());
  EXPECT_EQ(code_of(store.check()), "");
  std::size_t erased = 0;
  for (std::size_t n = 0; n < after.size(); ++n) {
    for (const std::string& name : names) {
      EXPECT_EQ((after[n].subject + after[n].detail).find(name), std::string::npos)
          << after[n].action;
    }
    if (n >= before.size()) continue;
    EXPECT_EQ(after[n].action, before[n].action);
    if (after[n].subject == "erased") {
      ++erased;
      EXPECT_EQ(after[n].detail, "");
    } else {
      EXPECT_EQ(after[n].subject, before[n].subject);
      EXPECT_EQ(after[n].detail, before[n].detail);
    }
  }
  // Enrolment, match, two of the alert, feedback, ask, withdrawal.
  EXPECT_GE(erased, 7U);
}

TEST_F(ErasureTest, LeavesATombstoneWithoutTheId) {
  CustomerId id;
  {
    Store store = create();
    id = must(store.customers().enrol(secret_customer(), kActor));
    must(store.forget(id, kActor));
  }
  EXPECT_EQ(raw_column(path_, "SELECT id FROM tombstones").size(), 1U);
  EXPECT_EQ(files_with({id.value}), "");
}

TEST_F(ErasureTest, TenThousandCustomersTakeLessThanASecond) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int kCustomers = 300;
#else
  constexpr int kCustomers = 10000;
#endif
  Store store = create();
  CustomerId last;
  must(store.together([&]() -> Status {
    for (int number = 0; number < kCustomers; ++number) {
      last = must(store.customers().enrol(new_customer("Name", ""), kActor));
    }
    return {};
  }));
  // Of the processor: other tests may run beside this one.
  const std::clock_t start = std::clock();
  must(store.forget(last, kActor));
  const Milliseconds took{(std::clock() - start) * 1000 / CLOCKS_PER_SEC};
  RecordProperty("milliseconds", static_cast<int>(took.count()));
  std::printf("forget of 1 of %d customers: %d ms\n", kCustomers, static_cast<int>(took.count()));
  EXPECT_LT(took, std::chrono::seconds(1));
}

TEST_F(ErasureTest, ReceiptsVerifyAndNoFlippedBitDoes) {
  Store store = create();
  const CustomerId id = must(store.customers().enrol(secret_customer(), kActor));
  const Receipt receipt = must(store.forget(id, kActor));
  const std::string text = receipt_text(receipt);
  EXPECT_EQ(must(verify_receipt(text)).customer, id.value);
  EXPECT_EQ(must(verify_receipt(text, store.signing_key())).rows, receipt.rows);
  for (std::size_t offset = 0; offset < text.size(); ++offset) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[offset] = static_cast<char>(flipped[offset] ^ (1 << bit));
      EXPECT_FALSE(verify_receipt(flipped)) << flipped;
    }
  }
}

TEST_F(ErasureTest, SeveralAtOnceGetAReceiptEach) {
  Store store = create();
  std::vector<CustomerId> ids;
  for (const char* name : {"One", "Two", "Three"}) {
    ids.push_back(must(store.customers().enrol(new_customer(name, ""), kActor)));
  }
  EXPECT_EQ(code_of(store.receipt_of(ids[0])), "not_erased");
  const auto receipts = must(store.forget_all({ids[0], ids[2]}, kActor));
  ASSERT_EQ(receipts.size(), 2U);
  for (const std::size_t index : {0U, 1U}) {
    const Receipt read = must(verify_receipt(receipt_text(receipts[index]), store.signing_key()));
    EXPECT_EQ(read.customer, ids[2 * index].value);
    EXPECT_EQ(read.rows, "4");  // customer, key, consent, template
    EXPECT_EQ(read.epoch, "2");
  }
  EXPECT_EQ(store.epoch(), 2U);
}

// Whoever lost theirs, or was erased by retention, can have it later.
TEST_F(ErasureTest, AReceiptCanBeHadAgain) {
  Store store = create();
  const CustomerId id = must(store.customers().enrol(secret_customer(), kActor));
  const CustomerId other = must(store.customers().enrol(new_customer("Other", ""), kActor));
  const Receipt first = must(store.forget(id, kActor));
  must(store.forget(other, Actor{"uid:1000", kNow + std::chrono::hours(1)}));
  { const Store closing = std::move(store); }
  store = open();
  EXPECT_EQ(receipt_text(must(store.receipt_of(id))), receipt_text(first));
  EXPECT_EQ(code_of(store.receipt_of(CustomerId("nobody"))), "not_erased");
}

TEST_F(ErasureTest, AReceiptOfAnotherStoreIsToldApart) {
  Store store = create();
  const CustomerId id = must(store.customers().enrol(secret_customer(), kActor));
  const std::string text = receipt_text(must(store.forget(id, kActor)));
  const Store other = must(Store::create(folder_ / "other.db", key_, kActor));
  EXPECT_EQ(code_of(verify_receipt(text, other.signing_key())), "receipt_invalid");
  for (const char* malformed : {"", "{}", "[]", "null", "{\"store\":1}", "\xff"}) {
    EXPECT_EQ(code_of(verify_receipt(malformed)), "receipt_malformed");
  }
}

TEST_F(StoreTest, WhatManyErasuresLeaveIsGivenBackToTheDisk) {
  Store store = create();
  std::vector<CustomerId> ids;
  for (unsigned number = 0; number < 24; ++number) {
    const std::string text = std::to_string(number);
    NewCustomer customer = new_customer("Name " + text, "L" + text, number);
    customer.consent.scopes.insert(Scope::kPhotos);
    customer.photos.emplace_back(std::size_t{512} << 10, static_cast<std::uint8_t>(number));
    ids.push_back(must(store.customers().enrol(customer, kActor)));
  }
  EXPECT_FALSE(must(store.shrink_some())) << "nothing is unused";
  const CustomerId stays = ids.back();
  ids.pop_back();
  must(store.forget_all(ids, kActor));
  const auto before = std::filesystem::file_size(path_);
  int calls = 0;
  while (must(store.shrink_some())) ASSERT_LT(++calls, 100);
  EXPECT_GT(calls, 3) << "in small steps";
  EXPECT_LT(std::filesystem::file_size(path_), before / 2);
  EXPECT_EQ(must(store.customers().find(stays)).profile.name, "Name 23");
  EXPECT_EQ(code_of(store.check()), "");
  { const Store closing = std::move(store); }
  EXPECT_EQ(open_code(), "");
}

}  // namespace
}  // namespace maitred
