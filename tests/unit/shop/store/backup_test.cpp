// Backups: whole, sealed, and unable to bring back who was forgotten.
#include "maitred/shop/store/backup.h"

#include "maitred/base/file.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

class BackupTest : public StoreTest {
 protected:
  BackupTest() { backup_ = folder_ / "backup"; }

  // The error's code, or empty.
  std::string back_up(Store& store, const std::optional<KeyAccess>& key = std::nullopt) {
    auto backup = Backup::begin(store, backup_, key, kActor);
    if (!backup) return backup.error().code;
    for (;;) {
      const auto progress = (*backup)->step();
      if (!progress) return progress.error().code;
      signature_ = (*backup)->signed_by();
      if (progress->finished) return "";
    }
  }

  RestoreOptions options() const {
    RestoreOptions options;
    options.backup = backup_;
    options.store = path_;
    options.store_key = copy_of(key_);
    return options;
  }
  Result<RestoreReport> put_back() { return restore_backup(options(), nullptr, kActor); }

  void remove_store() {
    for (const char* tail : {"", ".erasures", ".generation", ".lock"}) {
      fs::remove(path_.string() + tail);
    }
  }

  void remove_store_but_its_list() {
    for (const char* tail : {"", ".generation", ".lock"}) fs::remove(path_.string() + tail);
  }

  fs::path backup_;
  std::string signature_;  // of the backup
};

TEST_F(BackupTest, BringsEverythingBackToAnEmptyBox) {
  CustomerId id;
  std::string store_id;
  {
    Store store = create();
    store_id = store.id();
    id = must(store.customers().enrol(new_customer("A Name", "L1"), kActor));
    must(store.visits().commit_arrival(arrival_of(id), always, kActor));
    ASSERT_EQ(back_up(store), "");
  }
  remove_store();
  const RestoreReport report = must(put_back());
  EXPECT_EQ(report.customers, 1U);
  EXPECT_FALSE(report.replaced);
  EXPECT_FALSE(report.erasures_known);
  const Store store = open();
  EXPECT_EQ(store.id(), store_id);
  EXPECT_EQ(must(store.customers().find(id)).profile.name, "A Name");
  EXPECT_EQ(must(store.customers().by_loyalty("l1")), id);
  EXPECT_EQ(must(store.visits().alerts({})).size(), 1U);
  EXPECT_EQ(code_of(store.check()), "");
}

TEST_F(BackupTest, HoldsNothingInClearAndNoKeyFile) {
  Store store = create();
  const CustomerId id = must(store.customers().enrol(new_customer("Plainname", "LOY-1"), kActor));
  ASSERT_EQ(back_up(store), "");
  const std::string content = content_of(backup_);
  for (const std::string& secret : {std::string("Plainname"), std::string("LOY-1"), id.value,
                                    std::string("SQLite"), content_of(folder_ / "store.key")}) {
    EXPECT_EQ(content.find(secret), std::string::npos) << secret;
  }
  EXPECT_FALSE(fs::exists(backup_.string() + ".part"));
  EXPECT_FALSE(fs::exists(path_.string() + ".backing-up"));
}

TEST_F(BackupTest, WithAPassphraseItNeedsNoKeyFile) {
  {
    Store store = create();
    must(store.customers().enrol(new_customer("A Name", ""), kActor));
    ASSERT_EQ(back_up(store, passphrase("correct horse")), "");
  }
  remove_store();
  fs::remove(folder_ / "store.key");
  EXPECT_EQ(code_of(put_back()), "key_missing");
  RestoreOptions wrong = options();
  wrong.backup_key = passphrase("battery staple");
  EXPECT_EQ(code_of(restore_backup(wrong, nullptr, kActor)), "backup_key_wrong");
  EXPECT_EQ(open_code(), "store_missing");
  RestoreOptions right = options();
  right.backup_key = passphrase("correct horse");
  EXPECT_EQ(must(restore_backup(right, nullptr, kActor)).customers, 1U);
  // A key file was made, and opens what was restored.
  EXPECT_EQ(must(open().customers().count()), 1U);
}

TEST_F(BackupTest, TheStoresKeyDoesNotOpenOneSealedWithAPassphrase) {
  Store store = create();
  ASSERT_EQ(back_up(store, passphrase("correct horse")), "");
  EXPECT_EQ(code_of(restore_backup(options(), &store, kActor)), "backup_key_wrong");
}

TEST_F(BackupTest, SealedToAPublicKeyOnlyItsSecretHalfOpensIt) {
  KeyAccess secret;
  secret.source = {KeyKind::kFile, (folder_ / "elsewhere.key").string()};
  KeyAccess open_half;
  open_half.source = {KeyKind::kPublic, must(provide_key_pair(secret))};
  EXPECT_EQ(must(provide_key_pair(secret)), open_half.source.where);
  {
    Store store = create();
    must(store.customers().enrol(new_customer("A Name", ""), kActor));
    ASSERT_EQ(back_up(store, copy_of(open_half)), "");
    EXPECT_EQ(code_of(restore_backup(options(), &store, kActor)), "backup_key_wrong");
    KeyAccess none;
    none.source = {KeyKind::kPublic, "bm8ga2V5"};
    EXPECT_EQ(back_up(store, copy_of(none)), "public_key_invalid");
    // A point that any secret takes to the same place.
    none.source.where = std::string(43, 'A') + "=";
    EXPECT_EQ(back_up(store, copy_of(none)), "public_key_invalid");
  }
  remove_store();
  RestoreOptions wrong = options();
  wrong.backup_key = copy_of(open_half);
  EXPECT_EQ(code_of(restore_backup(wrong, nullptr, kActor)), "key_invalid");
  RestoreOptions right = options();
  right.backup_key = copy_of(secret);
  EXPECT_EQ(code_of(restore_backup(right, nullptr, kActor)), "backup_not_authenticated");
  right.signed_by = signature_;
  EXPECT_EQ(must(restore_backup(right, nullptr, kActor)).customers, 1U);
  EXPECT_EQ(must(open().customers().count()), 1U);
}

TEST_F(BackupTest, TokensAndKeySlotsTakenAwaySinceThenStayAway) {
  const Actor later{"uid:1000", kNow + std::chrono::hours(1)};
  KeyAccess rescue;
  rescue.source = {KeyKind::kFile, (folder_ / "rescue.key").string()};
  KeyAccess again = copy_of(rescue);
  again.source.where += "2";
  std::string gone, kept;
  {
    Store store = create();
    gone = must(store.staff().add("gone", kActor));
    kept = must(store.staff().add("kept", kActor));
    must(store.keys().add(rescue, "", kActor));
    const auto number = must(store.keys().add(again, "", kActor));
    must(store.keys().remove(number, kActor));
    must(store.keys().add(again, "", later));  // taken away, and let in again
    ASSERT_EQ(back_up(store), "");
    must(store.staff().revoke("gone", later));
    must(store.keys().remove(2, later));
  }
  remove_store_but_its_list();
  const RestoreReport report = must(put_back());
  EXPECT_EQ(report.staff, 1U);
  EXPECT_EQ(report.slots, 1U);
  Store store = open();
  EXPECT_FALSE(must(store.staff().check(gone)));
  EXPECT_TRUE(must(store.staff().check(kept)));
  EXPECT_EQ(must(store.keys().slots()).size(), 2U);
  EXPECT_EQ(code_of(store.check()), "");
  { const Store closing = std::move(store); }
  EXPECT_EQ(code_of(Store::open(path_, rescue)), "key_wrong");
  EXPECT_EQ(code_of(Store::open(path_, again)), "");
}

TEST_F(BackupTest, ErasuresAndWithdrawalsSinceThenHold) {
  CustomerId gone, withdrawn, renewed, untouched;
  {
    Store store = create();
    gone = must(store.customers().enrol(new_customer("Gone", ""), kActor));
    withdrawn = must(store.customers().enrol(new_customer("Withdrawn", ""), kActor));
    renewed = must(store.customers().enrol(new_customer("Renewed", ""), kActor));
    untouched = must(store.customers().enrol(new_customer("Untouched", ""), kActor));
    const Actor later{"uid:1000", kNow + std::chrono::hours(1)};
    must(store.withdraw(renewed, later));
    Consent anew = consent_to();
    anew.granted = kNow + std::chrono::hours(2);
    must(store.customers().set_consent(renewed, anew, kActor, "renewed"));
    ASSERT_EQ(back_up(store), "");
    must(store.withdraw(withdrawn, later));
    must(store.forget(gone, later));
  }
  // With the list of the store that is replaced; with the file beside it; with a copy of that file.
  const std::string list = content_of(path_.string() + ".erasures");
  for (int round = 0; round < 3; ++round) {
    RestoreOptions how = options();
    if (round == 1) fs::remove(path_);
    if (round == 2) {
      remove_store();
      overwrite(folder_ / "saved", list);
      how.erasures = folder_ / "saved";
    }
    const RestoreReport report = must(restore_backup(how, nullptr, kActor));
    EXPECT_EQ(report.erased, 1U) << round;
    EXPECT_EQ(report.withdrawn, 1U) << round;
    EXPECT_TRUE(report.erasures_known) << round;
    const Store store = open();
    EXPECT_EQ(code_of(store.customers().find(gone)), "unknown_customer") << round;
    EXPECT_TRUE(must(store.customers().find(withdrawn)).consent.withdrawn) << round;
    EXPECT_FALSE(must(store.customers().find(renewed)).consent.withdrawn) << round;
    EXPECT_FALSE(must(store.customers().find(untouched)).consent.withdrawn) << round;
    EXPECT_EQ(code_of(store.check()), "") << round;
  }
}

TEST_F(BackupTest, AnAlteredListOfErasuresErasesNobody) {
  {
    Store store = create();
    must(store.customers().enrol(new_customer("A Name", ""), kActor));
    const CustomerId gone = must(store.customers().enrol(new_customer("Gone", ""), kActor));
    ASSERT_EQ(back_up(store), "");
    must(store.forget(gone, kActor));
  }
  std::string list = content_of(path_.string() + ".erasures");
  const auto index = list.find("erased ") + 7;
  list[index] = list[index] == 'a' ? 'b' : 'a';
  remove_store();
  overwrite(path_.string() + ".erasures", list);
  EXPECT_EQ(must(put_back()).erased, 0U);
  EXPECT_EQ(must(open().customers().count()), 2U);
}

TEST_F(BackupTest, AnOpenStoreBecomesTheRestoredOne) {
  Store store = create();
  const CustomerId before = must(store.customers().enrol(new_customer("Before", ""), kActor));
  ASSERT_EQ(back_up(store), "");
  const CustomerId after = must(store.customers().enrol(new_customer("After", ""), kActor));
  must(store.visits().commit_arrival(arrival_of(after), always, kActor));
  const std::uint64_t seq = store.visits().last_seq();
  EXPECT_TRUE(must(restore_backup(options(), &store, kActor)).replaced);
  EXPECT_EQ(must(store.customers().find(before)).profile.name, "Before");
  EXPECT_EQ(code_of(store.customers().find(after)), "unknown_customer");
  EXPECT_EQ(store.visits().last_seq(), seq) << "a seq never comes twice";
  must(store.customers().enrol(new_customer("Later", ""), kActor));
  { const Store closing = std::move(store); }
  EXPECT_EQ(must(open().customers().count()), 2U);
}

TEST_F(BackupTest, OneFromBeforeARotationStillServesTheStore) {
  Store store = create();
  must(store.customers().enrol(new_customer("A Name", ""), kActor));
  ASSERT_EQ(back_up(store), "");
  must(store.keys().begin_rotation(key_, false, kActor));
  while (!must(store.keys().rotate_some(key_, 10, kActor)).finished) {
  }
  EXPECT_EQ(must(restore_backup(options(), &store, kActor)).customers, 1U);
  { const Store closing = std::move(store); }
  EXPECT_EQ(must(open().customers().count()), 1U);
}

TEST_F(BackupTest, KeySlotsDoNotPileUpOverRotationsAndRestores) {
  Store store = create();
  must(store.customers().enrol(new_customer("A Name", ""), kActor));
  for (int round = 0; round < 20; ++round) {
    ASSERT_EQ(back_up(store), "") << round;
    must(store.keys().begin_rotation(key_, false, kActor));
    while (!must(store.keys().rotate_some(key_, 10, kActor)).finished) {
    }
    EXPECT_EQ(must(restore_backup(options(), &store, kActor)).customers, 1U);
    EXPECT_LE(must(store.keys().slots()).size(), 2U);
  }
}

TEST_F(BackupTest, AnotherStoreIsReplacedOnlyWhenThatIsSaid) {
  {
    Store store = create();
    ASSERT_EQ(back_up(store), "");
  }
  remove_store();
  const std::string other = create().id();
  EXPECT_EQ(code_of(put_back()), "store_differs");
  EXPECT_EQ(open().id(), other);
  RestoreOptions how = options();
  how.replace = true;
  must(restore_backup(how, nullptr, kActor));
  EXPECT_NE(open().id(), other);
}

TEST_F(BackupTest, ADamagedStoreIsReplaced) {
  {
    Store store = create();
    must(store.customers().enrol(new_customer("A Name", ""), kActor));
    ASSERT_EQ(back_up(store), "");
  }
  std::string content = content_of(path_);
  std::fill(content.begin() + 4096, content.begin() + 20000, '\x5a');
  overwrite(path_, content);
  EXPECT_EQ(open_code(), "store_corrupt");
  EXPECT_EQ(must(put_back()).customers, 1U);
  EXPECT_EQ(open_code(), "");
}

TEST_F(BackupTest, NoFlippedBitAndNoCutOffEndIsTaken) {
  {
    Store store = create();
    must(store.customers().enrol(new_customer("A Name", ""), kActor));
    ASSERT_EQ(back_up(store, passphrase("p")), "");
  }
  const std::string whole = content_of(backup_);
  const std::string before = content_of(path_);
  RestoreOptions how = options();
  how.backup_key = passphrase("p");
  std::size_t tried = 0;
  for (std::size_t offset = 0; offset < whole.size(); offset += 9973, ++tried) {
    std::string flipped = whole;
    flipped[offset] = static_cast<char>(flipped[offset] ^ (1 << (tried % 8)));
    overwrite(backup_, flipped);
    const auto report = restore_backup(how, nullptr, kActor);
    ASSERT_FALSE(report) << offset;
    overwrite(backup_, whole.substr(0, offset));
    ASSERT_FALSE(restore_backup(how, nullptr, kActor)) << offset;
  }
  overwrite(backup_, whole + "x");
  EXPECT_EQ(code_of(restore_backup(how, nullptr, kActor)), "backup_invalid");
  EXPECT_EQ(must(open().customers().count()), 1U);
}

TEST_F(BackupTest, ChangesWhileItIsWrittenLeaveAWholeState) {
  Store store = create();
  for (int number = 0; number < 600; ++number) {
    must(store.together([&]() -> Status {
      for (int inner = 0; inner < 100; ++inner, ++number) {
        must(store.customers().enrol(new_customer(std::to_string(number), ""), kActor));
      }
      return {};
    }));
  }
  auto backup = must(Backup::begin(store, backup_, std::nullopt, kActor));
  std::uint64_t meanwhile = 0;
  for (;;) {
    if (must(backup->step()).finished) break;
    must(store.customers().enrol(new_customer(std::to_string(meanwhile++), ""), kActor));
  }
  EXPECT_GT(meanwhile, 3U);
  const std::uint64_t all = must(store.customers().count());
  const RestoreReport report = must(restore_backup(options(), &store, kActor));
  EXPECT_GE(report.customers, all - meanwhile);
  EXPECT_LE(report.customers, all);
  EXPECT_EQ(code_of(store.check()), "");
}

TEST_F(BackupTest, RefusesTargetsThatCannotBeMeant) {
  Store store = create();
  for (const fs::path& target : {path_, fs::path(path_.string() + ".erasures"), folder_,
                                 folder_ / "no" / "where", fs::path("/dev/null"), fs::path("")}) {
    EXPECT_EQ(code_of(Backup::begin(store, target, std::nullopt, kActor)), "backup_target")
        << target;
  }
}

}  // namespace
}  // namespace maitred
