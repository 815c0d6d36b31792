// Somebody has an old key and a copy of the store from before a rotation of keys, and comes back.
#include <array>
#include <cstring>

#include "maitred/base/file.h"
#include "maitred/shop/store/backup.h"
#include "raw_rows.h"
#include "src/shop/store/backup/backup_stream.h"
#include "src/shop/store/integrity/witness.h"
#include "src/shop/store/store_access.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

constexpr std::array<Purpose, 15> kAllPurposes = {
    Purpose::kBlindIndex, Purpose::kRotation,     Purpose::kAudit,    Purpose::kAuditLink,
    Purpose::kDigest,     Purpose::kReceipts,     Purpose::kSettings, Purpose::kLedger,
    Purpose::kTokens,     Purpose::kTombstones,   Purpose::kStaff,    Purpose::kWitness,
    Purpose::kErasures,   Purpose::kConsentTexts, Purpose::kBackup};

ByteView view_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class OldKeyTest : public StoreTest {
 protected:
  // Fills a store, copies it with its key, rotates the keys, and writes more.
  void SetUp() override {
    {
      Store store = create();
      fill(store, "early");
      token_ = must(store.staff().add("till", kActor));
    }
    fs::create_directory(folder_ / "old");
    for (const char* name : {"store.db", "store.db.generation", "store.db.erasures", "store.key"}) {
      fs::copy_file(folder_ / name, folder_ / "old" / name);
    }
    Store store = open();
    must(store.keys().begin_rotation(key_, false, kActor));
    finish(store);
    fill(store, "late");
  }

  void finish(Store& store, std::size_t step = 2) {
    while (!must(store.keys().rotate_some(key_, step, kActor)).finished) {
    }
  }

  static CustomerId enrol(Store& store, const std::string& name, const std::string& loyalty) {
    return must(store.customers().enrol(new_customer(name, loyalty), kActor));
  }

  void fill(Store& store, const std::string& when) {
    for (int number = 0; number < 3; ++number) {
      kept_ = enrol(store, when, when + std::to_string(number));
    }
    must(store.forget(enrol(store, "Gone", ""), kActor));
    must(store.withdraw(enrol(store, "Withdrawn", ""), kActor));
    must(store.set_setting("secret", view_of(when)));
    must(store.consent_texts().add({when, "We ask you", kNow}, kActor));
    must(store.staff().add(when, kActor));
  }

  static void back_up(Store& store, const fs::path& target) {
    const auto backup = must(Backup::begin(store, target, std::nullopt, kActor));
    while (!must(backup->step()).finished) {
    }
  }

  KeyAccess old_key() { return key_file("old/store.key"); }
  Store old_store() { return must(Store::open(folder_ / "old/store.db", old_key())); }

  std::string token_;
  CustomerId kept_;
};

struct SealedRows {
  const char* table;
  const char* names;
  const char* column;
};

TEST_F(OldKeyTest, OpensNoRow) {
  Store old = old_store();
  const Vault& vault = StoreAccess::vault(old);
  const std::array<SealedRows, 9> all = {{{"settings", "key", "sealed"},
                                          {"staff", "lower(hex(name))", "sealed"},
                                          {"tombstones", "lower(hex(id))", "sealed"},
                                          {"withdrawals", "lower(hex(id))", "sealed"},
                                          {"consent_texts", "version", "sealed"},
                                          {"audit", "cast(n AS TEXT)", "sealed"},
                                          {"ledger", "'1'", "sealed"},
                                          {"subkey_seed", "'1'", "wrapped"},
                                          {"epochs", "'1'", "wrapped"}}};
  for (const SealedRows& rows : all) {
    const std::string from = std::string(" FROM ") + rows.table + " ORDER BY rowid";
    const auto names = raw_column(path_, std::string("SELECT ") + rows.names + from);
    const auto sealed = raw_column(path_, std::string("SELECT ") + rows.column + from);
    ASSERT_FALSE(sealed.empty()) << rows.table;
    for (std::size_t row = 0; row < sealed.size(); ++row) {
      for (std::uint64_t epoch = 0; epoch < 10; ++epoch) {
        const Place place{rows.table, names[row], epoch};
        for (const Purpose purpose : kAllPurposes) {
          EXPECT_FALSE(unseal(vault.subkey(purpose), vault.store_id(), place, view_of(sealed[row])))
              << rows.table << " " << names[row];
        }
        EXPECT_FALSE(unseal(vault.root().span(), vault.store_id(), place, view_of(sealed[row])));
      }
    }
  }
  for (const auto& index : raw_column(path_, "SELECT loyalty FROM customers")) {
    for (const char* loyalty : {"EARLY0", "LATE0"}) {
      const Bytes hash = vault.blind(Purpose::kBlindIndex, loyalty);
      EXPECT_NE(index, std::string(hash.begin(), hash.end()));
    }
  }
}

TEST_F(OldKeyTest, ForgesNoGeneration) {
  const std::string before = content_of(path_);
  { must(open().forget(kept_, kActor)); }
  overwrite(path_, before);
  EXPECT_EQ(open_code(), "store_older");
  {
    Store old = old_store();
    const Vault& vault = StoreAccess::vault(old);
    Witness forged(path_, vault.store_id(), vault.subkey(Purpose::kWitness));
    must(forged.begin(1));
  }
  EXPECT_EQ(open_code(), "store_older");
}

TEST_F(OldKeyTest, ForgesNoErasure) {
  {
    Store old = old_store();
    const Vault& vault = StoreAccess::vault(old);
    const Bytes index = vault.blind(Purpose::kTombstones, kept_.value);
    const std::string entry = "erased " + to_hex(index) + " " + format_time(kNow);
    const Digest hash =
        keyed_hash(vault.subkey(Purpose::kErasures), vault.store_id() + " " + entry);
    std::ofstream(folder_ / "store.db.erasures", std::ios::app)
        << entry << " " << to_hex(hash) << "\n";
  }
  fs::remove(folder_ / "store.db.generation");
  Store store = must(Store::open(path_, key_, {true, kActor}));
  EXPECT_EQ(must(store.customers().find(kept_)).profile.name, "late");
}

TEST_F(OldKeyTest, OpensNoLaterBackup) {
  const fs::path backup = folder_ / "later.backup";
  {
    Store store = open();
    back_up(store, backup);
  }
  RestoreOptions options;
  options.backup = backup;
  options.backup_key = old_key();
  options.store = folder_ / "old/store.db";
  options.store_key = old_key();
  EXPECT_EQ(code_of(restore_backup(options, nullptr, kActor)), "backup_key_wrong");
}

TEST_F(OldKeyTest, WhatLivesOnStillServes) {
  Store store = open();
  EXPECT_EQ(must(store.staff().check(token_)), "till");
  EXPECT_EQ(must(store.staff().list()).size(), 3U);
  EXPECT_TRUE(must(store.customers().by_loyalty("early1")));
  EXPECT_EQ(code_of(store.customers().enrol(new_customer("Twice", "early1"), kActor)),
            "loyalty_taken");
  EXPECT_GT(must(store.audit().verify()), 20U);
  EXPECT_EQ(must(store.consent_texts().list()).size(), 2U);
  EXPECT_EQ(code_of(store.check()), "");
}

TEST_F(OldKeyTest, ARotationGoesOnBetweenOtherWork) {
  Store store = open();
  must(store.keys().begin_rotation(key_, false, kActor));
  std::vector<CustomerId> ids;
  int steps = 0;
  for (bool finished = false; !finished; ++steps) {
    const std::string number = std::to_string(steps);
    ids.push_back(enrol(store, "Between", "b" + number));
    EXPECT_EQ(must(store.customers().by_loyalty("late2")), kept_);
    EXPECT_EQ(must(store.staff().check(token_)), "till");
    if (steps % 3 == 2) must(store.forget(ids[ids.size() - 2], kActor));
    must(store.set_setting("secret", view_of(number)));
    // The digests are computed again after each start, so the last stretch is in one go.
    if (steps % 4 == 1 && steps < 40) {
      EXPECT_EQ(code_of(store.check()), "") << steps;
      { const Store closing = std::move(store); }
      // Without its witness the store is checked page by page and row by row.
      if (steps % 8 == 1) fs::remove(path_.string() + ".generation");
      store = must(Store::open(path_, key_, {steps % 8 == 1, kActor}));
    }
    finished = must(store.keys().rotate_some(key_, 1, kActor)).finished;
    ASSERT_LT(steps, 2000);
  }
  EXPECT_GT(steps, 20);
  EXPECT_EQ(code_of(store.check()), "");
  { const Store closing = std::move(store); }
  fs::remove(path_.string() + ".generation");
  store = must(Store::open(path_, key_, {true, kActor}));
  EXPECT_EQ(code_of(store.check()), "");
}

TEST_F(OldKeyTest, ATamperedAuditRowIsNotMadeToFit) {
  raw_sql("UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE n = 2) WHERE n = 3");
  fs::remove(path_.string() + ".generation");
  Store store = must(Store::open(path_, key_, {true, kActor}));
  must(store.keys().begin_rotation(key_, false, kActor));
  std::string code;
  for (int steps = 0; code.empty() && steps < 500; ++steps) {
    const auto progress = store.keys().rotate_some(key_, 2, kActor);
    code = code_of(progress);
    if (progress && progress->finished) break;
  }
  EXPECT_EQ(code, "store_corrupt");
}

TEST_F(OldKeyTest, ABackupFromBeforeManyRotationsIsStillTheStoresOwn) {
  Store store = open();
  const fs::path backup = folder_ / "ours.backup";
  back_up(store, backup);
  const CustomerId gone = enrol(store, "Gone", "");
  for (int rotation = 0; rotation < 12; ++rotation) {
    must(store.keys().begin_rotation(key_, false, kActor));
    finish(store, 50);
  }
  must(store.forget(gone, kActor));
  RestoreOptions options;
  options.backup = backup;
  options.store = path_;
  options.store_key = key_file("store.key");
  must(restore_backup(options, &store, kActor));
  EXPECT_EQ(must(store.customers().by_loyalty("late2")), kept_);
  EXPECT_EQ(code_of(store.customers().find(gone)), "unknown_customer");
}

TEST_F(OldKeyTest, LaterErasuresHoldForAnEarlierBackup) {
  // The backup of the old time, which another key opens, and the list beside the lost store.
  const fs::path backup = folder_ / "early.backup";
  CustomerId early;
  {
    Store old = old_store();
    early = *must(old.customers().by_loyalty("early1"));
    must(old.keys().add(passphrase("rescue"), "", kActor));
    back_up(old, backup);
  }
  { must(open().forget(early, kActor)); }
  fs::remove(path_);
  RestoreOptions options;
  options.backup = backup;
  options.backup_key = passphrase("rescue");
  options.store = path_;
  options.store_key = key_file("store.key");
  must(restore_backup(options, nullptr, kActor));
  EXPECT_EQ(code_of(open().customers().find(early)), "unknown_customer");
}

}  // namespace
}  // namespace maitred
